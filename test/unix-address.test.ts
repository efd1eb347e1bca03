import * as fs from 'node:fs';
import * as path from 'node:path';
import * as sys from 'sockkit/sys';
import { cleanUp, codeOf, failure, tempDir, unixSocket } from './helpers/net.js';

afterEach(cleanUp);

/** Binds a new unix socket and gives the name that it got. */
function boundPath(name: string | Uint8Array): unknown {
  const fd = unixSocket();
  sys.bind(fd, { path: name });
  const bound = sys.getsockname(fd);
  if (bound.family !== 'unix') throw new Error('not a unix address');
  return bound.path;
}

/** A path in a directory of its own that is `length` bytes long. */
function pathOf(length: number, fill = 'x'): string {
  const start = `${tempDir()}/`;
  return start + fill.repeat((length - start.length) / Buffer.byteLength(fill));
}

test.each([107, 108])('a path of %i bytes', (length) => {
  const name = pathOf(length);
  expect(name).toHaveLength(length);
  expect(boundPath(name)).toBe(name);
  expect(fs.statSync(name).isSocket()).toBe(true);
});

test('a connection through a path of 108 bytes', () => {
  const name = pathOf(108);
  const server = unixSocket();
  sys.bind(server, { path: name });
  sys.listen(server);
  const client = unixSocket();
  sys.connect(client, { path: name });
  expect(sys.getpeername(client)).toEqual({ family: 'unix', path: name });
});

test.each([109, 128, 129, 5000])('a path of %i bytes is ENAMETOOLONG', (length) => {
  const name = pathOf(length);
  for (const given of [name, Buffer.from(name)]) {
    const error = failure(() => {
      sys.bind(unixSocket(), { path: given });
    });
    expect(error).toMatchObject({ name: 'SocketError', code: 'ENAMETOOLONG', syscall: 'bind' });
    expect(error.address).toBe(name);
  }
  expect(fs.readdirSync(path.dirname(name))).toEqual([]);
});

test('bytes count, not characters', () => {
  const start = `${tempDir()}/`;
  const name = start + 'é'.repeat(54);
  expect(name.length).toBeLessThan(108);
  expect(codeOf(() => boundPath(name))).toBe('ENAMETOOLONG');
  const fits = start + 'é'.repeat(Math.floor((108 - start.length) / 2));
  expect(boundPath(fits)).toBe(fits);
});

test('bytes that are no UTF-8 come back as a Buffer', () => {
  const name = Buffer.concat([Buffer.from(`${tempDir()}/`), Buffer.from([0xff, 0xfe, 0x80])]);
  expect(boundPath(name)).toEqual(name);
  expect(fs.statSync(name).isSocket()).toBe(true);
});

test('bytes that are UTF-8 come back as a string', () => {
  const name = `${tempDir()}/ü`;
  expect(boundPath(new Uint8Array(Buffer.from(name)))).toBe(name);
});

test('a view’s own bytes are taken', () => {
  const name = `${tempDir()}/s`;
  const memory = Buffer.from(`..${name}..`);
  expect(boundPath(memory.subarray(2, 2 + name.length))).toBe(name);
});

test('abstract names, in which every byte counts', () => {
  const unique = `sockkit-${process.pid}`;
  const names = [`\0${unique}`, `\0${unique}\0`, `\0${unique}\0\0b`, `\0${unique}`.padEnd(108)];
  for (const name of names) expect(boundPath(name)).toBe(name);
  const bytes = Buffer.from([0, 0xff, 0, 0x80]);
  expect(boundPath(bytes)).toEqual(bytes);
  expect(codeOf(() => boundPath(`\0${'x'.repeat(108)}`))).toBe('ENAMETOOLONG');
  const error = failure(() => {
    sys.connect(unixSocket(), { path: `${names[2] ?? ''}?` });
  });
  expect(error.message).toBe(`connect ECONNREFUSED @${unique}@@b?`);
  expect(error.address).toBe(`${names[2] ?? ''}?`);
});

test('no name: bind makes one up', () => {
  expect(boundPath('')).toMatch(/^\0[0-9a-f]{5}$/);
  const fd = unixSocket();
  expect(sys.getsockname(fd)).toEqual({ family: 'unix', path: '' });
});

test.each<[string, unknown]>([
  ['ERR_INVALID_ARG_VALUE', 'a\0b'],
  ['ERR_INVALID_ARG_VALUE', 'a\0'],
  ['ERR_INVALID_ARG_VALUE', Buffer.from('a\0b')],
  ['ERR_INVALID_ARG_VALUE', 'half a pair: \ud800'],
  ['ERR_INVALID_ARG_VALUE', '\udc00'],
  ['ERR_INVALID_ARG_TYPE', 5],
  ['ERR_INVALID_ARG_TYPE', null],
  ['ERR_INVALID_ARG_TYPE', {}],
  ['ERR_INVALID_ARG_TYPE', new Uint16Array(2)],
  ['ERR_INVALID_ARG_TYPE', new ArrayBuffer(2)],
  ['ERR_INVALID_ARG_TYPE', new Uint8Array(new SharedArrayBuffer(2))],
])('%s for the path %p', (code, name) => {
  expect(
    codeOf(() => {
      sys.bind(unixSocket(), { path: name as never });
    }),
  ).toBe(code);
});

test('a detached path', () => {
  const name = new Uint8Array(Buffer.from('abc'));
  structuredClone(name.buffer, { transfer: [name.buffer] });
  expect(
    codeOf(() => {
      sys.bind(unixSocket(), { path: name });
    }),
  ).toBe('ERR_INVALID_ARG_TYPE');
});
