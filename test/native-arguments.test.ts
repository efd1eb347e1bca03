// Native code checks what it is given once more, whatever lib/ has checked.
import { binding } from './helpers/inside.js';
import { NOT_DATA, NOT_NUMBERS, OUT_OF_INT } from './helpers/junk.js';
import { CLOSED_FD, errno } from './helpers/net.js';

const isInt = (value: unknown) => typeof value === 'number' && (value | 0) === value;

test('native code takes anything without harm', () => {
  const junk: unknown[] = [
    ...[...NOT_NUMBERS, ...OUT_OF_INT, ...NOT_DATA, new Uint8Array(148), new Uint8Array(3)],
    ...[new Int32Array(3), Buffer.alloc(150).subarray(1, 149)],
  ].filter((value) => !isInt(value)); // One could be a descriptor that is open.
  // own() and disown() only note a number, which can be any.
  const functions = Object.entries(binding).filter(
    ([name]) => !/Small|MessageServer|Readiness|own$/.test(name),
  );
  for (const [name, call] of functions) {
    if (typeof call !== 'function') continue;
    const native = call as (...args: unknown[]) => unknown;
    const results = [native()];
    for (const value of junk) {
      results.push(native(value), native(value, value, value), native(value, value, 0, 0, 0, 0));
      for (const place of [1, 2, 3]) {
        const args: unknown[] = [CLOSED_FD, 1, 1, 1];
        args[place] = value;
        results.push(native(...args));
      }
    }
    // Too much for a call that could be made is no harm, so EBADF is among the answers.
    const done = results.filter((result) => typeof result === 'number' && result >= 0);
    expect([name, done]).toEqual([name, []]);
    expect(results[0]).toBe(-100000);
  }
});

test('a record of another size is refused', () => {
  for (const size of [0, 147, 149]) {
    expect(binding.connect(CLOSED_FD, new Uint8Array(size))).toBe(-100000);
    expect(binding.getsockname(CLOSED_FD, new Uint8Array(size))).toBe(-100000);
  }
  // Any content of the right size is an address, or is not.
  for (let byte = 0; byte < 256; byte++) {
    expect(binding.connect(CLOSED_FD, new Uint8Array(148).fill(byte))).toBeLessThan(0);
  }
  expect(binding.connect(CLOSED_FD, new Uint8Array(148))).toBe(errno('EBADF'));
});
