// createMessageServer in a program's own process: options, listening, events, the end.
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { createMessageServer, type MessageEvent, type MessageServer } from 'sockkit';
import type { MessageServerOptions, MessageServerWarning } from 'sockkit';
import { Client, closeClients, sendMessage } from './helpers/clients.js';
import { OutputFile, openFile, removeFiles, temporaryFolder } from './helpers/files.js';
import { hasIpv6 } from './helpers/hosts.js';
import { acceptQueue, eventually, openFiles, threadCount } from './helpers/proc.js';

const MIB = 2 ** 20;

let output: OutputFile;
let servers: MessageServer[];

beforeEach(() => {
  output = new OutputFile(temporaryFolder());
  servers = [];
});

afterEach(async () => {
  closeClients();
  await Promise.all(servers.map((server) => server.close()));
  removeFiles();
});

function make(options: Partial<MessageServerOptions> = {}): MessageServer {
  const server = createMessageServer({ output: output.fd, ...options });
  servers.push(server);
  return server;
}

async function listening(options: Partial<MessageServerOptions> = {}) {
  const server = make(options);
  const address = await server.listen({ port: 0, host: '127.0.0.1' });
  if (!('port' in address)) throw new Error('not an IP address');
  return { server, port: address.port };
}

/** The next events of that name, as many as are asked for. */
function collect<T>(server: MessageServer, name: string, count: number): Promise<T[]> {
  return new Promise((resolve) => {
    const seen: T[] = [];
    (server as NodeJS.EventEmitter).on(name, (event: T) => {
      if (seen.push(event) === count) resolve(seen);
    });
  });
}

const messagesOf = (server: MessageServer, count = 1) =>
  collect<MessageEvent>(server, 'message', count);
const warningsOf = (server: MessageServer, count = 1) =>
  collect<MessageServerWarning>(server, 'warning', count);

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
    if (!('port' in address)) throw new Error('not an IP address');
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
    expect(['127.0.0.1', '::1']).toContain('address' in address && address.address);
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
    await expect(server.listen({ port: 0, host: '127.0.0.1' })).rejects.toMatchObject({
      code: 'EBADF',
      syscall: 'write',
    });
    expect([openFiles('self'), threadCount('self')]).toEqual(before);
  });
});

describe('messages', () => {
  test('complete', async () => {
    const { server, port } = await listening();
    const messages = messagesOf(server, 2);
    expect(await sendMessage(port, 'hello')).toBe('end');
    expect(await sendMessage(port, '')).toBe('end');
    expect(await messages).toEqual([
      expect.objectContaining({ bytes: 5, outcome: 'complete', lost: 0 }),
      expect.objectContaining({ bytes: 0, outcome: 'complete', lost: 0 }),
    ]);
  });

  test('reset: what had arrived is printed', async () => {
    const { server, port } = await listening();
    const [messages, warnings] = [messagesOf(server), warningsOf(server)];
    const client = await Client.sending(port, 'half');
    await eventually('it has arrived', () => server.stats().bytesIn === 4);
    await client.reset();
    expect(await messages).toEqual([
      {
        remoteAddress: { family: 'IPv4', address: '127.0.0.1', port: client.port },
        bytes: 4,
        outcome: 'reset',
        lost: 0,
        error: expect.objectContaining({ code: 'ECONNRESET', syscall: 'recv' }) as Error,
      },
    ]);
    expect(await warnings).toMatchObject([
      { kind: 'reset', bytes: 4, message: expect.stringContaining('ECONNRESET') as string },
    ]);
    expect(output.read().toString()).toBe('half');
  });

  test('idle', async () => {
    const { server, port } = await listening({ idleTimeoutMs: 50 });
    const [messages, warnings] = [messagesOf(server), warningsOf(server)];
    const client = await Client.sending(port, 'half');
    expect(await client.closed).toBe('ECONNRESET');
    expect(await messages).toMatchObject([{ bytes: 4, outcome: 'idle' }]);
    expect(await warnings).toMatchObject([{ kind: 'idle', bytes: 4 }]);
  });

  test('split: each part is told, and the first of them when it happens', async () => {
    const { server, port } = await listening({ stallMs: 50 });
    const [messages, warnings] = [messagesOf(server, 3), warningsOf(server)];
    const large = await Client.sending(port, Buffer.alloc(2 * MIB));
    await eventually('it has the floor', () => output.size === 2 * MIB);
    await sendMessage(port, 'other');
    expect(await warnings).toMatchObject([{ kind: 'split', bytes: 2 * MIB }]);
    await large.end('rest');
    expect((await messages).map(({ bytes, outcome }) => [bytes, outcome])).toEqual([
      [2 * MIB, 'split'],
      [5, 'complete'],
      [4, 'split'],
    ]);
    expect(server.stats()).toMatchObject({ messages: 3, connections: 2, splits: 1 });
  });

  test('a holder who delivers nothing keeps the floor for ever where stallMs is 0', async () => {
    const { server, port } = await listening({ stallMs: 0 });
    const large = await Client.sending(port, Buffer.alloc(2 * MIB));
    await eventually('it has the floor', () => output.size === 2 * MIB);
    const other = sendMessage(port, 'other');
    await eventually('another has arrived', () => server.stats().bytesIn === 2 * MIB + 5);
    expect(server.stats()).toMatchObject({ splits: 0, bytesOut: 2 * MIB });
    await large.end('rest');
    await other;
    expect(
      output
        .read()
        .subarray(2 * MIB)
        .toString(),
    ).toBe('restother');
  });

  test('cut by close()', async () => {
    const { server, port } = await listening();
    const messages = messagesOf(server);
    const client = await Client.sending(port, 'half');
    await eventually('it is accepted', () => server.stats().open === 1);
    const stats = await server.close();
    expect(stats).toMatchObject({ cuts: 1, messages: 1, bytesIn: 4, bytesOut: 4, bytesLost: 0 });
    expect(await messages).toMatchObject([{ bytes: 4, outcome: 'cut', lost: 0 }]);
    expect(await client.closed).toBe('ECONNRESET');
    expect(output.read().toString()).toBe('half');
  });

  test('a spool that cannot be used is told once, and nothing is lost', async () => {
    const { server, port } = await listening({ spoolDirectory: '/nonexistent', stallMs: 0 });
    const warnings = warningsOf(server);
    const message = Buffer.alloc(3 * MIB, 'x');
    const holder = await Client.sending(port, message);
    await eventually('it has the floor', () => output.size === message.length);
    const others = [sendMessage(port, message), sendMessage(port, message)];
    expect(await warnings).toMatchObject([
      {
        kind: 'spool',
        error: { code: 'ENOENT' },
        message: expect.stringContaining('/nonexistent') as string,
      },
    ]);
    await holder.end();
    await Promise.all(others);
    expect(output.size).toBe(9 * MIB);
    expect((await server.close()).spoolBytes).toBe(0);
  });

  test('holdBytes decides when a message has to take the floor', async () => {
    const { server, port } = await listening({ holdBytes: 65_536 });
    const half = Buffer.alloc(40_000, 'x');
    const client = await Client.sending(port, half);
    await eventually('it has arrived', () => server.stats().bytesIn === 40_000);
    expect(output.size).toBe(0);
    await client.write(Buffer.alloc(100_000, 'x'));
    await eventually('it is printed as it comes', () => output.size === 140_000);
  });
});

describe('an output that fails', () => {
  test("is an 'error', after which the server closes by itself", async () => {
    const { server, port } = await listening({ output: openFile('/dev/full', 'w') });
    const failure = collect<Error>(server, 'error', 1);
    const closed = collect<undefined>(server, 'close', 1);
    await sendMessage(port, 'hello');
    expect(await failure).toMatchObject([
      { name: 'SocketError', syscall: 'write', code: 'ENOSPC' },
    ]);
    await closed;
    expect(await server.close()).toMatchObject({
      bytesLost: 5,
      messagesLost: 1,
      open: 0,
      threads: 0,
    });
    await expect(Client.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('is a process warning where nobody listens for the error', async () => {
    const { server, port } = await listening({ output: openFile('/dev/full', 'w') });
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const closed = collect<undefined>(server, 'close', 1);
    await sendMessage(port, 'hello');
    await closed;
    expect(emitWarning.mock.calls).toEqual([[expect.objectContaining({ code: 'ENOSPC' })]]);
    emitWarning.mockRestore();
  });
});

describe('close()', () => {
  test('gives one promise, before listen() too', async () => {
    const server = make();
    expect(server.close()).toBe(server.close());
    expect(await server.close()).toMatchObject({ connections: 0, threads: 0 });
    await expect(server.listen({ port: 0 })).rejects.toThrow('closed already');
  });

  test('while listen() waits for a name leaves nothing open', async () => {
    const before = openFiles('self');
    const server = make();
    const listen = server.listen({ port: 0, host: 'localhost' });
    await server.close();
    await expect(listen).rejects.toThrow('closed');
    expect(openFiles('self')).toBe(before);
  });

  test('leaves no thread and no descriptor, and the output open', async () => {
    const before = [openFiles('self'), threadCount('self')];
    for (let round = 0; round < 5; round++) {
      const { server, port } = await listening();
      await Promise.all(Array.from({ length: 8 }, () => sendMessage(port, 'hello\n')));
      expect(await server.close()).toBe(await server.close());
      expect(server.address()).toBeNull();
      expect(server.stats()).toMatchObject({ open: 0, threads: 0, messages: 8, memoryBytes: 0 });
    }
    // The clients' own sockets are this process's too.
    await eventually('all is closed', () => openFiles('self') <= (before[0] ?? 0));
    expect([openFiles('self'), threadCount('self')]).toEqual(before);
    expect(output.size).toBe(240);
    fs.writeSync(output.fd, 'still open');
  });

  test('loses nothing of many servers at once', async () => {
    const files = Array.from({ length: 4 }, () => new OutputFile(temporaryFolder()));
    const all = await Promise.all(
      files.map(({ fd }) => listening({ output: fd, maxConnections: 1 })),
    );
    const texts = ['one\n', 'two\n', 'three\n'];
    for (const { port } of all) {
      for (const text of texts) await (await Client.sending(port, text)).write('more\n');
      await eventually('two wait in the queue', () => acceptQueue(port) === 2);
    }
    await Promise.all(all.map(({ server }) => server.close()));
    for (const file of files) {
      expect(file.read().toString()).toBe('one\nmore\ntwo\nmore\nthree\nmore\n');
    }
  });
});

test('aside() writes between messages, and at the end of one that is being printed', async () => {
  const { server, port } = await listening();
  server.aside('at once\n');
  expect(output.read().toString()).toBe('at once\n');
  const large = await Client.sending(port, Buffer.alloc(2 * MIB, 'x'));
  await eventually('it has the floor', () => output.size === 8 + 2 * MIB);
  server.aside('one\n');
  server.aside('two\n');
  expect(output.size).toBe(8 + 2 * MIB);
  await large.end('end\n');
  expect(
    output
      .read()
      .subarray(8 + 2 * MIB)
      .toString(),
  ).toBe('end\none\ntwo\n');
});
