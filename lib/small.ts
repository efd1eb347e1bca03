// The quick way for a few bytes. Passing a buffer through Node-API costs a third of what a send()
// of one byte takes, so up to 64 bytes travel in a block of memory that native code knows.
import { types } from 'node:util';
import { binding } from './binding.js';

export const SMALL = 64;

// struct SmallBlock in native/napi/small.h.
const call = new Int32Array(binding.small, 0, 3);
const bytes = new Uint8Array(binding.small, 12, SMALL);
const FD = 0;
const LENGTH = 1;
const RESULT = 2;

/** A buffer that a longer way has used, so that it is known to be a Uint8Array in memory of our own;
 * to ask again at each call would cost what is gained. It is kept alive until another takes its
 * place, so one in a large ArrayBuffer is not remembered. */
export type Known = Uint8Array | null;
const LARGEST_KEPT = 65536;

export function remember(data: unknown): Known {
  if (!types.isUint8Array(data) || data.length > SMALL) return null;
  const { buffer } = data;
  return types.isArrayBuffer(buffer) && buffer.byteLength <= LARGEST_KEPT ? data : null;
}

export function sendSmall(fd: number, data: Uint8Array, length: number): number {
  call[FD] = fd;
  call[LENGTH] = length;
  for (let i = 0; i < length; i++) bytes[i] = data[i] ?? 0;
  binding.sendSmall();
  return call[RESULT] ?? 0;
}

export function recvSmall(fd: number, buffer: Uint8Array, length: number): number {
  call[FD] = fd;
  call[LENGTH] = length;
  binding.recvSmall();
  const received = call[RESULT] ?? 0;
  for (let i = 0; i < received; i++) buffer[i] = bytes[i] ?? 0;
  return received;
}
