// Classic BPF programs: arrays of struct sock_filter, which the kernel takes as they are.
import { Struct } from './native-order.js';
import { checkInteger, checkObject, numberError, typeError } from './validate.js';

/**
 * `struct sock_filter`: one instruction of a classic BPF program. `tcpdump -dd` prints programs in
 * this form. See <linux/filter.h>, bpf(4).
 */
export interface FilterInstruction {
  /** What to do: BPF_LD, BPF_RET, ... added up. */
  code: number;
  /** How many instructions to skip where the comparison holds. */
  jt: number;
  /** How many where it does not. */
  jf: number;
  /** The operand. */
  k: number;
}

const BYTES = 8;
/** BPF_MAXINSNS */
const MOST = 4096;

export function writeFilter(name: string, program: unknown): Buffer {
  if (!Array.isArray(program)) throw typeError(name, 'an instance of Array', program);
  const { length } = program;
  if (length > MOST) throw numberError(`${name}.length`, length, 1, MOST);
  const struct = new Struct(length * BYTES);
  for (let index = 0; index < length; index++) {
    const instruction: unknown = program[index];
    const place = `${name}[${index}]`;
    checkObject(place, instruction);
    const { code, jt, jf, k } = instruction as Record<string, unknown>;
    checkInteger(`${place}.code`, code, 0, 2 ** 16 - 1);
    checkInteger(`${place}.jt`, jt, 0, 255);
    checkInteger(`${place}.jf`, jf, 0, 255);
    checkInteger(`${place}.k`, k, 0, 2 ** 32 - 1);
    const start = index * BYTES;
    struct
      .setUint16(start, code)
      .setUint8(start + 2, jt)
      .setUint8(start + 3, jf);
    struct.setUint32(start + 4, k);
  }
  return struct.bytes;
}

export function readFilter(bytes: Buffer): FilterInstruction[] {
  const struct = new Struct(bytes);
  return Array.from({ length: Math.floor(bytes.length / BYTES) }, (_, index) => ({
    code: struct.uint16(index * BYTES),
    jt: struct.uint8(index * BYTES + 2),
    jf: struct.uint8(index * BYTES + 3),
    k: struct.uint32(index * BYTES + 4),
  }));
}
