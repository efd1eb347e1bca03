// What a message server prints and tells, and how it ends.
import * as fs from 'node:fs';
import type { Address, MessageServerOptions } from 'sockkit';
import { Client, closeClients, sendMessage } from './helpers/clients.js';
import { OutputFile, openFile, removeFiles, temporaryFolder } from './helpers/files.js';
import { acceptQueue, eventually, openFiles, threadCount } from './helpers/proc.js';
import { closeServers, collect, listeningServer, makeServer } from './helpers/servers.js';
import { messagesOf, warningsOf } from './helpers/servers.js';

const MIB = 2 ** 20;

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

const portOf = (address: Address) => address.port ?? 0;

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

  test('reset of one that has the floor: the next goes on', async () => {
    const { server, port } = await listening({ stallMs: 0 });
    const messages = messagesOf(server, 2);
    const large = await Client.sending(port, Buffer.alloc(2 * MIB, 'x'));
    await eventually('it has the floor', () => output.size === 2 * MIB);
    const other = sendMessage(port, 'other');
    await eventually('another waits', () => server.stats().bytesIn === 2 * MIB + 5);
    await large.reset();
    expect(await other).toBe('end');
    const outcomes = (await messages).map(({ bytes, outcome }) => [bytes, outcome]);
    expect(outcomes).toContainEqual([2 * MIB, 'reset']);
    expect(outcomes).toContainEqual([5, 'complete']);
    expect(output.size).toBe(2 * MIB + 5);
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
    const told = (await messages).filter(
      ({ remoteAddress }) => portOf(remoteAddress) === large.port,
    );
    expect(told.map(({ bytes, outcome }) => [bytes, outcome])).toEqual([
      [2 * MIB, 'split'],
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
    const failure = collect<Error>(server, 'error');
    const closed = collect<undefined>(server, 'close');
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
    const closed = collect<undefined>(server, 'close');
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
  await eventually('it is written', () => output.read().toString() === 'at once\n');
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
