// Memory for what a received message leaves beside its bytes: struct Slot in native/napi/message.h.
import { type Address, addressRecord, readSender } from './address.js';
import { binding } from './binding.js';
import { type ControlMessage, readControl } from './control.js';

const SLOT_BYTES = 160;
const ALIGN = 8;

// Words of a slot.
const ROOM = 0;
const BYTES = 1;
const FLAGS = 2;
const CONTROL_LENGTH = 4;
const HAS_RIGHTS = 5;

/** Of a message without a limit of its own: room for a few control messages. */
export const CONTROL_BYTES = 256;
/** No system takes or gives as much. */
export const MOST_CONTROL_BYTES = 65536;

/** Memory for some slots, one behind the other. Code outside of the package never sees it. */
export class Slab {
  readonly bytes: Uint8Array;
  readonly offsets: number[] = [];
  readonly #words: Uint32Array;

  /** @param rooms The bytes of control data that each slot is to have room for. */
  constructor(rooms: readonly number[]) {
    let size = 0;
    for (const room of rooms) {
      this.offsets.push(size);
      size += SLOT_BYTES + Math.ceil(room / ALIGN) * ALIGN;
    }
    const memory = new ArrayBuffer(size);
    this.bytes = new Uint8Array(memory);
    this.#words = new Uint32Array(memory);
    for (const [index, offset] of this.offsets.entries()) {
      this.#words[offset / 4 + ROOM] = rooms[index] ?? 0;
    }
  }

  received(offset: number): number {
    return this.#words[offset / 4 + BYTES] ?? 0;
  }

  flags(offset: number): number {
    return (this.#words[offset / 4 + FLAGS] ?? 0) | 0;
  }

  /** Whether descriptors came that have not been handed out. */
  hasRights(offset: number): boolean {
    return this.#words[offset / 4 + HAS_RIGHTS] !== 0;
  }

  sender(offset: number): Address | null {
    binding.slotAddress(this.bytes, offset, addressRecord);
    return readSender();
  }

  /** Hands out the control messages, and with them the descriptors: once. */
  takeControl(offset: number): ControlMessage[] {
    const word = offset / 4;
    const begin = offset + SLOT_BYTES;
    const list = readControl(this.bytes, begin, begin + (this.#words[word + CONTROL_LENGTH] ?? 0));
    this.#words[word + HAS_RIGHTS] = 0;
    return list;
  }

  /** Closes the descriptors that came and were not handed out. */
  closeRights(offset: number): void {
    binding.closeRights(this.bytes, offset);
  }
}
