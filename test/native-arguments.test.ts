// Native code checks what it is given once more, whatever lib/ has checked.
import { constants } from 'sockkit';
import * as sys from 'sockkit/sys';
import { binding, bindingFile } from './helpers/inside.js';
import { NOT_DATA, NOT_NUMBERS, OUT_OF_INT } from './helpers/junk.js';
import { cleanUp, CLOSED_FD, errno, failure, unixPair } from './helpers/net.js';
import { run, stopAll } from './helpers/run.js';

afterEach(async () => {
  cleanUp();
  await stopAll();
});

const isInt = (value: unknown) => typeof value === 'number' && (value | 0) === value;

test('native code takes anything without harm', () => {
  const junk: unknown[] = [
    ...[...NOT_NUMBERS, ...OUT_OF_INT, ...NOT_DATA, new Uint8Array(148), new Uint8Array(3)],
    ...[new Int32Array(3), Buffer.alloc(150).subarray(1, 149)],
  ].filter((value) => !isInt(value)); // One could be a descriptor that is open.
  // own() and disown() only note a number, which can be any.
  const functions = Object.entries(binding).filter(
    ([name]) => !/Small|MessageServer|StreamServer|Readiness|own$/.test(name),
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

test('the readiness thread takes anything without harm', async () => {
  const junk: unknown[] = [...NOT_NUMBERS, ...OUT_OF_INT, ...NOT_DATA, new Uint8Array(3)].filter(
    (value) => !isInt(value),
  );
  const readiness = new binding.Readiness();
  const native = readiness as unknown as Record<string, (...args: unknown[]) => unknown>;
  const names = ['start', 'add', 'cancel', 'forget', 'take', 'setRef'];
  const callAll = () => {
    for (const name of names) {
      const results = [native[name]?.()];
      for (const value of junk) {
        results.push(native[name]?.(value), native[name]?.(value, value, value));
        for (const place of [0, 1, 2]) {
          const args: unknown[] = [CLOSED_FD, 1, 1];
          args[place] = value;
          results.push(native[name]?.(...args));
        }
      }
      const done = results.filter((result) => typeof result === 'number' && result > 0);
      expect([name, done]).toEqual([name, []]);
    }
  };
  callAll();
  let tell: () => void;
  const told = new Promise<void>((resolve) => (tell = resolve));
  // Nothing of that has started it, or used up the one time that it can be.
  expect(
    readiness.start(false, () => {
      tell();
    }),
  ).toBe(0);
  callAll();
  expect(readiness.start(false, () => undefined)).toBe(-100000);
  expect(readiness.add(CLOSED_FD, 1, 1)).toBe(errno('EBADF'));
  const [one, other] = unixPair();
  expect(readiness.add(one, constants.POLLIN, 7)).toBe(0);
  sys.send(other, Buffer.from('x'));
  readiness.setRef(true);
  await told;
  const pairs = new Float64Array(2);
  expect(readiness.take(pairs)).toBe(1);
  expect(pairs).toEqual(Float64Array.of(7, constants.POLLIN));
  readiness.forget(one);
  readiness.stop();
  callAll();
  readiness.stop();
  for (const name of names) {
    expect(failure(() => native[name]?.call({} as never)).name).toBe('TypeError');
  }
});

test.each([true, 1, {}, 'on'])(
  'setRef(%j) keeps a program alive only where it is true',
  async (on) => {
    // A thread that nobody stops: the program ends by itself unless it was asked not to.
    const { code, stdout } = await run(process.execPath, [
      '-e',
      `const { binding } = require(${JSON.stringify(bindingFile)});
     const readiness = new binding.Readiness();
     readiness.start(false, () => undefined);
     readiness.setRef(${JSON.stringify(on)});
     if (${on === true}) {
       setTimeout(() => {
         console.log('kept');
         readiness.setRef(false);
       }, 30).unref();
     }`,
    ]);
    expect({ code, stdout: String(stdout) }).toEqual({
      code: 0,
      stdout: on === true ? 'kept\n' : '',
    });
  },
);

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
