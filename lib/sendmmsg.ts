import {
  ADDRESS_RECORD_BYTES,
  addressFailure,
  addressRecord,
  placeOf,
  writeAddress,
} from './address.js';
import { binding, REFUSED_ADDRESS, REFUSED_ARGUMENT } from './binding.js';
import { writeControl } from './control.js';
import { SocketError, type SocketErrorDetails } from './errors.js';
import { type Message, readBuffers, refusal } from './message.js';
import { checkFd, checkInt32, checkObject, type Data, typeError } from './validate.js';

/** More go in no call. */
const MOST_MESSAGES = 1024;

// Sizes that native/napi/batch.cc asserts.
const HEADER_BYTES = 64;
const VECTOR_BYTES = 16;
const ADDRESS_BYTES = 136;
const PADDING = 64;
/** 1,024 messages of one buffer and one address each need a quarter of it. */
const LARGEST_KEPT = 2 ** 20;

// Memory that calls use again. Reading the messages can run other code, which can make a call of its
// own: that one takes memory of its own.
interface Scratch {
  memory: Uint8Array;
  records: Uint8Array;
  plan: Int32Array;
}
let spare: Scratch | null = null;

/**
 * `sendmmsg(fd, messages, count, flags | MSG_NOSIGNAL)`: several messages in one call.
 *
 * @param messages Of more than 1,024 the first 1,024. Each is as for sendmsg(); messages that share
 * one address object, one behind the other, have it read once. With UDP_SEGMENT set (103, at
 * IPPROTO_UDP), each buffer goes as many datagrams of that size: for many small ones that is several
 * times as fast.
 * @returns How many messages went. The error of a message after the first is not reported: the count
 * is short, and sending the rest again may tell. How many bytes of each went is not reported
 * either; a datagram goes whole.
 * @throws {SocketError} Of the first message, as for sendmsg(); of any, where an address or a zone
 * cannot be used, before anything is sent. ENOSYS where the system has no such call. See
 * sendmmsg(2).
 */
export function sendmmsg(fd: number, messages: readonly Message[], flags = 0): number {
  const sent = trySendmmsg(fd, messages, flags);
  if (sent < 0) throw new SocketError('sendmmsg', sent, placeOf(messages[0]?.address));
  return sent;
}

/** {@link sendmmsg}, but the negated errno where it fails. */
export function trySendmmsg(fd: number, messages: readonly Message[], flags: number): number {
  checkFd(fd);
  checkInt32('flags', flags);
  if (!Array.isArray(messages)) throw typeError('messages', 'an instance of Array', messages);
  const count = Math.min(messages.length, MOST_MESSAGES);
  const scratch = spare ?? makeScratch();
  spare = null;
  try {
    const batch = readMessages(messages, count, scratch);
    const bytes = count * HEADER_BYTES + batch.buffers.length * VECTOR_BYTES + PADDING;
    const size = bytes + batch.abouts.length * ADDRESS_BYTES;
    if (scratch.memory.length < size) scratch.memory = new Uint8Array(new ArrayBuffer(size));
    return send(fd, count, scratch, batch, flags);
  } finally {
    if (scratch.memory.length <= LARGEST_KEPT) spare = scratch;
  }
}

interface Batch {
  buffers: Data[];
  control: (Uint8Array | null)[] | null;
  /** What an error is to say, for each record. */
  abouts: SocketErrorDetails[];
}

function makeScratch(): Scratch {
  return {
    memory: new Uint8Array(new ArrayBuffer(64 * (HEADER_BYTES + VECTOR_BYTES + ADDRESS_BYTES))),
    records: new Uint8Array(64 * ADDRESS_RECORD_BYTES),
    plan: new Int32Array(2 * 64),
  };
}

function readMessages(messages: readonly unknown[], count: number, scratch: Scratch): Batch {
  const batch: Batch = { buffers: [], control: null, abouts: [] };
  if (scratch.plan.length < count * 2) scratch.plan = new Int32Array(count * 2);
  let last: unknown;
  for (let index = 0; index < count; index++) {
    const message = messages[index];
    if (typeof message !== 'object' || message === null) checkObject(`messages[${index}]`, message);
    const { data, address, control } = message as Message;
    scratch.plan[index * 2] = addBuffers(batch.buffers, data);
    if (control !== undefined) {
      batch.control ??= new Array<Uint8Array | null>(count).fill(null);
      batch.control[index] = writeControl(control, `messages[${index}].control`);
    }
    if (address === undefined || address === null) {
      scratch.plan[index * 2 + 1] = -1;
    } else {
      if (address !== last) addAddress(batch, address, scratch);
      last = address;
      scratch.plan[index * 2 + 1] = batch.abouts.length - 1;
    }
  }
  return batch;
}

function addBuffers(buffers: Data[], data: unknown): number {
  const own = readBuffers(data);
  if (!Array.isArray(own)) {
    buffers.push(own as Data);
    return 1;
  }
  for (const one of own) buffers.push(one as Data);
  return own.length;
}

function addAddress({ abouts }: Batch, address: unknown, scratch: Scratch): void {
  const about = writeAddress(address);
  const offset = abouts.length * ADDRESS_RECORD_BYTES;
  if (scratch.records.length < offset + ADDRESS_RECORD_BYTES) {
    const larger = new Uint8Array(scratch.records.length * 2);
    larger.set(scratch.records);
    scratch.records = larger;
  }
  scratch.records.set(addressRecord, offset);
  abouts.push(about);
}

function send(fd: number, count: number, scratch: Scratch, batch: Batch, flags: number): number {
  const { buffers, control, abouts } = batch;
  const records = scratch.records.subarray(0, abouts.length * ADDRESS_RECORD_BYTES);
  const plan = scratch.plan.subarray(0, count * 2);
  const sent = binding.sendmmsg(fd, buffers, plan, records, control, scratch.memory, flags);
  if (sent === REFUSED_ARGUMENT) throw messageError(buffers, plan);
  if (sent !== REFUSED_ADDRESS) return sent;
  const [which = 0] = new Uint32Array(records.buffer, 0, 1);
  throw addressFailure('sendmmsg', sent, abouts[which] ?? {});
}

/** Which message's buffer it was that native code has refused. */
function messageError(buffers: readonly Data[], plan: Int32Array): Error {
  let at = 0;
  for (let index = 0; index * 2 < plan.length; index++) {
    const count = plan[index * 2] ?? 0;
    for (let inner = 0; inner < count; inner++) {
      const name = `messages[${index}].data${count === 1 ? '' : `[${inner}]`}`;
      const error = refusal(name, buffers[at++]);
      if (error !== null) return error;
    }
  }
  return typeError('messages', 'a list of messages that can be sent', buffers);
}
