import { constants as c } from 'sockkit';
import { createConnection, getaddrinfo } from 'sockkit/promises';
import * as sys from 'sockkit/sys';
import { closeAsync, listening, own, rejection } from './helpers/async-sockets.js';
import { ipName, refusingPort } from './helpers/net.js';
import { run, stopAll } from './helpers/run.js';
import { startThread, stopThreads } from './helpers/workers.js';

const PROMISES = require.resolve('sockkit/promises');

afterEach(async () => {
  closeAsync();
  await stopThreads();
  await stopAll();
});

test.each([
  ['127.0.0.1', 80, {}],
  ['localhost', '80', { type: c.SOCK_STREAM }],
  [null, 53, { flags: c.AI_PASSIVE, family: c.AF_INET }],
  ['::1', null, { flags: c.AI_NUMERICHOST | c.AI_CANONNAME }],
])('getaddrinfo(%j, %j, %j) gives what the blocking one does', async (host, service, hints) => {
  expect(await getaddrinfo(host, service, hints)).toEqual(sys.getaddrinfo(host, service, hints));
});

test('more lookups than there are threads for', async () => {
  const all = Array.from({ length: 100 }, (_, port) =>
    getaddrinfo('127.0.0.1', port, { type: c.SOCK_STREAM }),
  );
  const ports = (await Promise.all(all)).map(([info]) => ipName(info?.address as never).port);
  expect(ports).toEqual(all.map((_, port) => port));
});

test('a name that is not there', async () => {
  const host = 'not a name';
  const error = await rejection(getaddrinfo(host, 1, { flags: c.AI_NUMERICHOST }));
  expect(error).toMatchObject({ code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host });
});

test('wrong arguments are rejected', async () => {
  const codes: [Promise<unknown>, string][] = [
    [getaddrinfo(5 as never), 'ERR_INVALID_ARG_TYPE'],
    [getaddrinfo('a\0b'), 'ERR_INVALID_ARG_VALUE'],
    [getaddrinfo('a', 65536), 'ERR_SOCKET_BAD_PORT'],
    [getaddrinfo('a', 1, { family: 0.5 }), 'ERR_OUT_OF_RANGE'],
    [getaddrinfo('a', 1, { timeoutMs: -1 }), 'ERR_OUT_OF_RANGE'],
    [getaddrinfo('x'.repeat(2000), 1), 'ENOTFOUND'],
    [createConnection({ port: 1, timeoutMs: NaN }), 'ERR_OUT_OF_RANGE'],
    [createConnection({ port: '1' as never }), 'ERR_INVALID_ARG_TYPE'],
    [createConnection({ port: 65536 }), 'ERR_SOCKET_BAD_PORT'],
    [createConnection({ host: null as never, port: 1 }), 'ERR_INVALID_ARG_TYPE'],
    [createConnection(null as never), 'ERR_INVALID_ARG_TYPE'],
  ];
  for (const [promise, code] of codes) expect((await rejection(promise)).code).toBe(code);
});

test('a lookup ends by a signal', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const pending = [rejection(getaddrinfo('localhost', 1, { signal }))];
  pending.push(rejection(createConnection({ port: 1, signal })));
  controller.abort('enough');
  pending.push(rejection(getaddrinfo('localhost', 1, { signal })));
  for (const error of await Promise.all(pending)) {
    expect(error).toMatchObject({ name: 'AbortError', cause: 'enough' });
  }
});

test('createConnection() finds a listener by name, and says where there is none', async () => {
  const server = listening();
  const { port } = ipName(server.localAddress);
  const client = own(await createConnection({ host: 'localhost', port }));
  const { socket } = await server.accept();
  own(socket);
  await client.sendAll('hello');
  expect(String(await socket.recvExact(5))).toBe('hello');
  const refused = refusingPort();
  const error = await rejection(createConnection({ host: '127.0.0.1', port: refused }));
  expect(error).toMatchObject({ code: 'ECONNREFUSED', address: '127.0.0.1', port: refused });
});

test('workers end while names are looked up', async () => {
  const code = `
    const { getaddrinfo } = require(${JSON.stringify(PROMISES)});
    for (let count = 0; count < 20; count++) getaddrinfo('localhost', count);
    say('pending');`;
  const threads = Array.from({ length: 8 }, () => startThread(code));
  for (const thread of threads) expect(await thread.said()).toBe('pending');
  await Promise.all(threads.map(({ worker }) => worker.terminate()));
  for (const thread of threads) expect(await thread.ended).toEqual(expect.any(Number));
});

test('a lookup keeps the program alive, and nothing does when it is over', async () => {
  const { code, stdout, stderr } = await run(process.execPath, [
    '-e',
    `require(${JSON.stringify(PROMISES)}).getaddrinfo('127.0.0.1', 7, { type: 1 })
       .then(([info]) => console.log(JSON.stringify(info.address)));`,
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(String(stdout))).toEqual({ family: 'IPv4', address: '127.0.0.1', port: 7 });
});
