// createMessageServer's options, and where it listens.
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { createMessageServer, type MessageServerOptions } from 'sockkit';
import { Client, closeClients, sendMessage } from './helpers/clients.js';
import { OutputFile, openFile, removeFiles, temporaryFolder } from './helpers/files.js';
import { hasIpv6 } from './helpers/hosts.js';
import { eventually, openFiles, threadCount } from './helpers/proc.js';
import { closeServers, listeningServer, makeServer, messagesOf } from './helpers/servers.js';

let output: OutputFile;

beforeEach(() => {
  output = new OutputFile(temporaryFolder());
});

afterEach(async () => {
  closeClients();
  await closeServers();
  removeFiles();
});

const make = (options: Partial<MessageServerOptions> = {}) =>
  makeServer({ output: output.fd, ...options });
const listening = (options: Partial<MessageServerOptions> = {}) =>
  listeningServer({ output: output.fd, ...options });

describe('options', () => {
  const sane = () => ({ output: output.fd });
  const wrong: [unknown, string][] = [
    [undefined, 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    ['1', 'ERR_INVALID_ARG_TYPE'],
    [{}, 'ERR_INVALID_ARG_TYPE'],
    [{ output: '1' }, 'ERR_INVALID_ARG_TYPE'],
    [{ output: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ output: NaN }, 'ERR_OUT_OF_RANGE'],
    [{ output: 1.5 }, 'ERR_OUT_OF_RANGE'],
    [{ output: 2 ** 32 + 1 }, 'ERR_OUT_OF_RANGE'],
  ];

  test.each(wrong)('%j is refused with %s', (options, code) => {
    expect(() => createMessageServer(options as MessageServerOptions)).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });

  const wrongField: [string, unknown, string][] = [
    ['mode', 'quick', 'ERR_INVALID_ARG_VALUE'],
    ['mode', 1, 'ERR_INVALID_ARG_VALUE'],
    ['escape', 1, 'ERR_INVALID_ARG_TYPE'],
    ['spoolDirectory', 5, 'ERR_INVALID_ARG_TYPE'],
    ['spoolDirectory', '/tmp\0/x', 'ERR_INVALID_ARG_VALUE'],
    ['holdBytes', -1, 'ERR_OUT_OF_RANGE'],
    ['holdBytes', '1M', 'ERR_INVALID_ARG_TYPE'],
    ['memoryBytes', Infinity, 'ERR_OUT_OF_RANGE'],
    ['spoolBytes', 0.5, 'ERR_OUT_OF_RANGE'],
    ['spoolBytes', 2 ** 53, 'ERR_OUT_OF_RANGE'],
    ['stallMs', -1, 'ERR_OUT_OF_RANGE'],
    ['stallMs', 2 ** 31, 'ERR_OUT_OF_RANGE'],
    ['idleTimeoutMs', 5n, 'ERR_INVALID_ARG_TYPE'],
    ['backlog', NaN, 'ERR_OUT_OF_RANGE'],
    ['maxConnections', 0, 'ERR_OUT_OF_RANGE'],
    ['maxConnections', {}, 'ERR_INVALID_ARG_TYPE'],
  ];

  test.each(wrongField)('%s of %p is refused with %s', (name, value, code) => {
    expect(() => createMessageServer({ ...sane(), [name]: value })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(name) as string }) as Error,
    );
  });

  test('an output that is not open is refused', () => {
    const fd = openFile('/dev/null', 'w');
    removeFiles();
    expect(() => createMessageServer({ output: fd })).toThrow(
      expect.objectContaining({ code: 'EBADF' }) as Error,
    );
  });

  test('nothing is opened before listen()', () => {
    const files = openFiles('self');
    const threads = threadCount('self');
    make();
    expect([openFiles('self'), threadCount('self')]).toEqual([files, threads]);
  });
});

describe('listen()', () => {
  test('on all interfaces, on a port that the system picks', async () => {
    const server = make();
    expect(server.address()).toBeNull();
    const address = await server.listen({ port: 0 });
    expect(server.address()).toEqual(address);
    if (address.port === undefined) throw new Error('not an IP address');
    expect(['::', '0.0.0.0']).toContain(address.address);
    const [message] = await Promise.all([messagesOf(server), sendMessage(address.port, 'hello')]);
    // An IPv4 peer of an IPv6 listener is shown as what it is.
    expect(message[0]?.remoteAddress).toMatchObject({ family: 'IPv4', address: '127.0.0.1' });
  });

  test('on one host', async () => {
    const server = make();
    expect(await server.listen({ port: 0, host: '127.0.0.1' })).toEqual({
      family: 'IPv4',
      address: '127.0.0.1',
      port: expect.any(Number) as number,
    });
  });

  test('on a name', async () => {
    const address = await make().listen({ port: 0, host: 'localhost' });
    expect(['127.0.0.1', '::1']).toContain(address.address);
  });

  test('on IPv6', async () => {
    if (!hasIpv6()) return;
    const server = make();
    const address = await server.listen({ port: 0, host: '::1' });
    expect(address).toMatchObject({ family: 'IPv6', address: '::1' });
    const { port } = address as { port: number };
    const [message] = await Promise.all([
      messagesOf(server),
      sendMessage({ port, host: '::1' }, 'hello'),
    ]);
    expect(message[0]?.remoteAddress).toMatchObject({ family: 'IPv6', address: '::1' });
  });

  test('on a unix socket, whose file goes away at the end', async () => {
    const server = make();
    const file = path.join(temporaryFolder(), 'socket');
    expect(await server.listen({ path: file })).toEqual({ family: 'unix', path: file });
    const [message] = await Promise.all([messagesOf(server), sendMessage({ path: file }, 'hello')]);
    expect(message[0]).toMatchObject({ bytes: 5, outcome: 'complete' });
    expect(message[0]?.remoteAddress).toEqual({ family: 'unix', path: '' });
    expect(fs.existsSync(file)).toBe(true);
    await server.close();
    expect(fs.existsSync(file)).toBe(false);
    expect(output.read().toString()).toBe('hello');
  });

  test('on a unix socket, whose queue is printed at the end', async () => {
    const server = make({ maxConnections: 1 });
    const file = path.join(temporaryFolder(), 'socket');
    await server.listen({ path: file });
    const silent = await Client.sending({ path: file }, 'half');
    await eventually('it is accepted', () => server.stats().open === 1);
    const waiting = await Client.connect({ path: file });
    const closed = waiting.end('whole\n');
    await server.close();
    await Promise.all([closed, silent.closed]);
    expect(output.read().toString()).toBe('whole\nhalf');
  });

  test('twice is refused', async () => {
    const { server } = await listening();
    await expect(server.listen({ port: 0 })).rejects.toThrow('listening already');
    await expect(make().listen({ port: 0, host: '127.0.0.1' })).resolves.toBeDefined();
  });

  test.each([-1, 65536, 1.5, NaN])('on port %p is refused', async (port) => {
    await expect(make().listen({ port })).rejects.toMatchObject({ code: 'ERR_SOCKET_BAD_PORT' });
  });

  test('on a port in use fails, leaves no descriptor, and can be tried again', async () => {
    const holder = net.createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as net.AddressInfo;
    const server = make();
    const before = [openFiles('self'), threadCount('self')];
    await expect(server.listen({ port, host: '127.0.0.1' })).rejects.toMatchObject({
      name: 'SocketError',
      code: 'EADDRINUSE',
      address: '127.0.0.1',
      port,
    });
    expect([openFiles('self'), threadCount('self')]).toEqual(before);
    expect(server.address()).toBeNull();
    await new Promise((resolve) => holder.close(resolve));
    await expect(server.listen({ port, host: '127.0.0.1' })).resolves.toMatchObject({ port });
  });

  test('with an output that cannot be written to fails and leaves no descriptor', async () => {
    const server = make({ output: openFile('/dev/zero', 'r') });
    const before = [openFiles('self'), threadCount('self')];
    // Again and again, with the same answer.
    for (let i = 0; i < 3; i++) {
      await expect(server.listen({ port: 0, host: '127.0.0.1' })).rejects.toMatchObject({
        code: 'EBADF',
        syscall: 'write',
      });
    }
    expect([openFiles('self'), threadCount('self')]).toEqual(before);
  });
});
