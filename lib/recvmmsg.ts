import type { Address } from './address.js';
import { binding, REFUSED_ARGUMENT } from './binding.js';
import type { ControlMessage } from './control.js';
import { SocketError } from './errors.js';
import { refusal } from './message.js';
import { CONTROL_BYTES, MOST_CONTROL_BYTES, Slab } from './slot.js';
import {
  checkFd,
  checkInt32,
  checkInteger,
  checkObject,
  type Data,
  typeError,
  valueError,
} from './validate.js';

/**
 * Room for one message of recvmmsg(), to be used again and again:
 * `{ buffer: Buffer.alloc(2048), bytes: 0, address: null, flags: 0, control: [] }`.
 */
export interface MessageSlot {
  /** Where the bytes go. Yours: it can be another one at the next call. */
  buffer: Data;
  /** The room for control data, up to 65,536 bytes; 256 unless told otherwise. */
  controlBytes?: number | undefined;
  /** How many bytes came; with MSG_TRUNC a datagram's real length, which can be more than the
   * buffer's. */
  bytes: number;
  /** Who sent it; made when it is first read, until the slot is used again. */
  address: Address | null;
  /** As in the result of recvmsg(). */
  flags: number;
  /** Made when it is first read, until the slot is used again. Descriptors in it are yours then;
   * those that nobody has read are closed when the slot is used again. */
  control: ControlMessage[];
}

/** More come in no call. */
const MOST_SLOTS = 1024;

// Sizes that native/napi/batch.cc asserts.
const HEADER_BYTES = 64;
const VECTOR_BYTES = 16;

/** What is behind a slot. */
class State {
  slab: Slab | null = null;
  offset = 0;
  room = 0;
  /** The call that the slot was last part of. */
  call = 0;
  /** The address and control messages, once somebody has read them. */
  address: Address | null | undefined = null;
  control: ControlMessage[] | undefined = [];

  readAddress(): Address | null {
    if (this.address === undefined) this.address = this.slab?.sender(this.offset) ?? null;
    return this.address;
  }

  readControl(): ControlMessage[] {
    this.control ??= this.slab?.takeControl(this.offset) ?? [];
    return this.control;
  }

  /** Closes what came and nobody has seen. */
  release(): void {
    if (this.slab?.hasRights(this.offset) !== true) return;
    this.slab.closeRights(this.offset);
    this.control = [];
  }
}

const states = new WeakMap<object, State>();

const accessors: PropertyDescriptorMap = {
  address: {
    get(this: object) {
      return states.get(this)?.readAddress() ?? null;
    },
    enumerable: true,
    configurable: true,
  },
  control: {
    get(this: object) {
      return states.get(this)?.readControl() ?? [];
    },
    enumerable: true,
    configurable: true,
  },
};

// Memory that calls use again; nothing runs between filling it and the call.
let memory = new Uint8Array(new ArrayBuffer(64 * (HEADER_BYTES + VECTOR_BYTES)));
let offsets = new Int32Array(64);
let calls = 0;

/**
 * `recvmmsg(fd, slots, count, flags | MSG_CMSG_CLOEXEC, NULL)`: several messages in one call.
 *
 * Waits for all slots to be filled, unless `flags` has MSG_WAITFORONE (the first alone is waited
 * for) or MSG_DONTWAIT. Nothing is made per message: `address` and `control` become getters that
 * do it when they are read.
 *
 * @param slots Of more than 1,024 the first 1,024. Their `bytes`, `address`, `flags` and `control`
 * are filled in; behind those that received something they stay as they are.
 * @returns How many slots received something.
 * @throws {SocketError} EAGAIN, EINTR, ECONNREFUSED (of an earlier datagram), ENOSYS where the system
 * has no such call; an error after the first message shortens the count instead, and comes with the
 * next call. See recvmmsg(2).
 */
export function recvmmsg(fd: number, slots: readonly MessageSlot[], flags = 0): number {
  const received = tryRecvmmsg(fd, slots, flags);
  if (received < 0) throw new SocketError('recvmmsg', received);
  return received;
}

/** {@link recvmmsg}, but the negated errno where it fails. */
export function tryRecvmmsg(fd: number, slots: readonly MessageSlot[], flags: number): number {
  checkFd(fd);
  checkInt32('flags', flags);
  if (!Array.isArray(slots)) throw typeError('slots', 'an instance of Array', slots);
  const count = Math.min(slots.length, MOST_SLOTS);
  const list: MessageSlot[] = [];
  const own: State[] = [];
  const buffers: Data[] = [];
  const rooms: number[] = [];
  for (let index = 0; index < count; index++) {
    const slot: unknown = slots[index];
    if (typeof slot !== 'object' || slot === null) checkObject(`slots[${index}]`, slot);
    const { buffer, controlBytes = CONTROL_BYTES } = slot as MessageSlot;
    if (controlBytes !== CONTROL_BYTES) {
      checkInteger(`slots[${index}].controlBytes`, controlBytes, 0, MOST_CONTROL_BYTES);
    }
    list.push(slot as MessageSlot);
    own.push(states.get(slot) ?? adopt(`slots[${index}]`, slot));
    buffers.push(buffer);
    rooms.push(controlBytes);
  }
  const slab = prepare(own, rooms);
  const received = binding.recvmmsg(
    fd,
    buffers,
    offsets.subarray(0, count),
    slab.bytes,
    memory,
    flags,
  );
  if (received === REFUSED_ARGUMENT) throw slotError(buffers);
  if (received < 0) return received;
  for (let index = 0; index < received; index++) {
    const state = own[index];
    if (state === undefined) break;
    state.address = undefined;
    state.control = undefined;
  }
  for (let index = 0; index < received; index++) {
    const slot = list[index];
    const state = own[index];
    if (slot === undefined || state === undefined) break;
    slot.bytes = slab.received(state.offset);
    slot.flags = slab.flags(state.offset);
  }
  return received;
}

function adopt(name: string, slot: object): State {
  const state = new State();
  try {
    Object.defineProperties(slot, accessors);
    Object.assign(slot, { bytes: 0, flags: 0 });
  } catch {
    throw valueError(name, slot, 'must be an object that can be written to');
  }
  states.set(slot, state);
  return state;
}

/** Gives every slot its place in one slab, and closes what came into it before and nobody saw. */
function prepare(own: readonly State[], rooms: readonly number[]): Slab {
  calls++;
  let slab = own[0]?.slab ?? null;
  let index = 0;
  for (const state of own) {
    if (state.call === calls) throw valueError(`slots[${index}]`, 'a slot', 'is there twice');
    state.call = calls;
    if (state.slab !== slab || state.room !== rooms[index]) slab = null;
    index++;
  }
  const home = slab ?? new Slab(rooms);
  if (offsets.length < own.length) {
    offsets = new Int32Array(MOST_SLOTS);
    memory = new Uint8Array(new ArrayBuffer(MOST_SLOTS * (HEADER_BYTES + VECTOR_BYTES)));
  }
  index = 0;
  for (const state of own) {
    state.release();
    if (slab === null) move(state, home, home.offsets[index] ?? 0, rooms[index] ?? 0);
    offsets[index++] = state.offset;
  }
  return home;
}

/** What the slot has received is made first, since it stays behind. */
function move(state: State, slab: Slab, offset: number, room: number): void {
  state.readAddress();
  state.readControl();
  state.slab = slab;
  state.offset = offset;
  state.room = room;
}

function slotError(buffers: readonly Data[]): Error {
  for (const [index, buffer] of buffers.entries()) {
    const error = refusal(`slots[${index}].buffer`, buffer);
    if (error !== null) return error;
  }
  return typeError('slots', 'a list of slots that can be used', buffers);
}
