// Values that are not what a call takes.

export const NOT_NUMBERS: unknown[] = [
  ...[null, '3', '', 5n, true, {}, [3], Symbol('3'), () => 3, new Number(3)],
  {
    valueOf() {
      throw new Error('was called');
    },
  },
];
export const OUT_OF_INT = [
  ...[NaN, Infinity, -Infinity, 1.5, 2 ** 31, 2 ** 32, 2 ** 32 + 2, 2 ** 53, -(2 ** 31) - 1],
  ...[Number.MIN_VALUE, Number.MAX_VALUE],
];

export const shared = new SharedArrayBuffer(8);
export const detached = new Uint8Array(8);
const detachedView = new DataView(detached.buffer, 2, 4);
structuredClone(detached.buffer, { transfer: [detached.buffer] });
const growable = new (
  SharedArrayBuffer as new (size: number, options: object) => SharedArrayBuffer
)(4, { maxByteLength: 8 });
export const NOT_DATA: unknown[] = [
  ...[undefined, null, 'text', 5, 5n, true, {}, [1, 2], { byteLength: 4 }, Symbol('data')],
  ...[shared, growable, new Uint8Array(shared), new Uint8Array(growable, 0, 0)],
  ...[new DataView(shared), Buffer.from(shared, 2, 2), new Int32Array(shared, 0, 0)],
  ...[detached, detached.buffer, detachedView, new Proxy(new Uint8Array(4), {})],
  ...[Object.create(Uint8Array.prototype) as unknown, new Blob(['text']), Uint8Array],
];
