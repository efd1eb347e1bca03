// Numbers inside of C structs: in the byte order of this machine, and never read past the end.

export const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A C struct that is read or filled in, by offsets. */
export class Struct {
  readonly bytes: Buffer;
  readonly #view: DataView;

  constructor(bytes: Buffer | number) {
    this.bytes = typeof bytes === 'number' ? Buffer.alloc(bytes) : bytes;
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
  }

  uint8(offset: number): number {
    return this.#view.getUint8(offset);
  }

  uint16(offset: number): number {
    return this.#view.getUint16(offset, LITTLE);
  }

  int32(offset: number): number {
    return this.#view.getInt32(offset, LITTLE);
  }

  uint32(offset: number): number {
    return this.#view.getUint32(offset, LITTLE);
  }

  uint64(offset: number): bigint {
    return this.#view.getBigUint64(offset, LITTLE);
  }

  int64(offset: number): bigint {
    return this.#view.getBigInt64(offset, LITTLE);
  }

  setUint8(offset: number, value: number): this {
    this.#view.setUint8(offset, value);
    return this;
  }

  setUint16(offset: number, value: number): this {
    this.#view.setUint16(offset, value, LITTLE);
    return this;
  }

  setInt32(offset: number, value: number): this {
    this.#view.setInt32(offset, value, LITTLE);
    return this;
  }

  setUint32(offset: number, value: number): this {
    this.#view.setUint32(offset, value, LITTLE);
    return this;
  }

  setUint64(offset: number, value: bigint): this {
    this.#view.setBigUint64(offset, value, LITTLE);
    return this;
  }

  setBytes(offset: number, value: Uint8Array): this {
    this.bytes.set(value, offset);
    return this;
  }
}
