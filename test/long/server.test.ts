// createServer with thousands of connections, and slow ones beside fast ones.
import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { mayOpen } from '../helpers/proc.js';

const ROOT = path.resolve(__dirname, '../..');

// In a program of its own, with the clients in another: each has thousands of descriptors.
const SERVER = `
  const { createServer } = require('sockkit');
  const fs = require('node:fs');
  const { spawn } = require('node:child_process');
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const threads = () => fs.readdirSync('/proc/self/task').length;
  const errors = [];
  const server = createServer({ backlog: 4096, maxConnections: 10000 }, async (connection) => {
    for await (const chunk of connection) await connection.sendAll(chunk);
  });
  server.on('connectionError', (error) => errors.push(error.message));
  server.listen({ port: 0, host: '127.0.0.1' }).then(({ port }) => {
    const before = [open(), threads()];
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, server.connections)), 20);
    const client = spawn('python3', ['-c', process.env.CLIENT, String(port)], { stdio: 'inherit' });
    client.on('exit', async (code) => {
      clearInterval(watch);
      await server.close();
      const { connections, bytesIn, bytesOut, memoryBytes } = server.stats();
      const mib = Math.round(process.memoryUsage().rss / 2 ** 20);
      console.log(JSON.stringify({
        ...{ code, most, connections, bytesIn, bytesOut, memoryBytes, errors: errors.length, mib },
        ...{ threads: server.stats().threads },
      }));
    });
  });`;

const CLIENT = `
import hashlib, selectors, socket, sys
port, count, rounds, size = int(sys.argv[1]), 5000, 10, 200
def message(number, round):
    return hashlib.shake_128(b'%d:%d' % (number, round)).digest(size)
sockets = []
for number in range(count):
    sockets.append(socket.create_connection(('127.0.0.1', port)))
selector = selectors.DefaultSelector()
state = {}
for number, s in enumerate(sockets):
    s.setblocking(False)
    state[s] = [number, 0, b'']
    selector.register(s, selectors.EVENT_READ)
    s.sendall(message(number, 0))
left = count
while left:
    ready = selector.select(30)
    assert ready, 'nothing came for 30 s'
    for key, _ in ready:
        s = key.fileobj
        one = state[s]
        one[2] += s.recv(size)
        if len(one[2]) < size: continue
        assert one[2] == message(one[0], one[1]), 'bytes differ'
        one[1] += 1
        one[2] = b''
        if one[1] < rounds: s.sendall(message(one[0], one[1]))
        else:
            selector.unregister(s)
            left -= 1
for s in sockets: s.close()
`;

test('5,000 connections at once, each echoed 10 times, every byte checked', async () => {
  if (!mayOpen(6000)) return;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', SERVER], {
    cwd: ROOT,
    env: { ...process.env, CLIENT },
  });
  const result = JSON.parse(stdout) as Record<string, number>;
  console.log(stdout);
  expect(result).toMatchObject({
    ...{ code: 0, most: 5000, connections: 5000, errors: 0, memoryBytes: 0, threads: 0 },
    ...{ bytesIn: 10_000_000, bytesOut: 10_000_000 },
  });
}, 300_000);
