import * as sys from 'sockkit/sys';
import { constants as c, Socket } from 'sockkit';
import { example } from './helpers/example.js';
import { hasIPv6, testWhere } from './helpers/net.js';
import { freePort, stopAll } from './helpers/run.js';
import { closeSockets, isRoot, make, own } from './helpers/sockets.js';

afterEach(async () => {
  await stopAll();
  closeSockets();
});

const lo = sys.if_indextoname(1);
const portOf = (socket: Socket): number => (socket.localAddress as sys.IPv4Address).port;

describe('where-to', () => {
  test('the address that was asked is named, and answers', async () => {
    const server = example('where-to.mjs', ['0']);
    const [, port = ''] = await server.stderrMatch(/port (\d+)/);
    for (const address of ['127.0.0.2', '127.1.2.3', '127.0.0.1']) {
      const client = make('udp4');
      client.bind({ address: '127.0.0.1', port: 0 });
      client.sendTo(Buffer.from('hello'), { address, port: Number(port) });
      const text = `5 bytes from 127.0.0.1 to ${address} on ${lo}\n`;
      expect(client.recvFrom(1024)).toEqual({
        data: Buffer.from(text),
        address: { family: 'IPv4', address, port: Number(port) },
      });
      await server.until(text, () => server.stdout.includes(text));
    }
  });

  const testIPv6 = testWhere(hasIPv6, 'this machine has no IPv6');
  testIPv6('the same with IPv6', async () => {
    const server = example('where-to.mjs', ['0', '::']);
    const [, port = ''] = await server.stderrMatch(/port (\d+)/);
    const client = make('udp6');
    client.sendTo(Buffer.alloc(0), { address: '::1', port: Number(port) });
    const { data } = client.recvFrom(1024);
    expect(data.toString()).toBe(`0 bytes from ::1 to ::1 on ${lo}\n`);
  });
});

const testRoot = testWhere(isRoot, 'packet sockets need root');

describe('sniff', () => {
  testRoot('only datagrams to the port that was named', async () => {
    const [to, other] = [make('udp4'), make('udp4')];
    for (const socket of [to, other]) socket.bind({ address: '127.0.0.1', port: 0 });
    const sniffer = example('sniff.mjs', [String(portOf(to))]);
    await sniffer.stderrMatch(/watching/);
    const client = own(new Socket(c.AF_INET, c.SOCK_DGRAM));
    client.bind({ address: '127.0.0.1', port: 0 });
    // TCP to the same port is not UDP, whoever answers.
    sys.tryConnect(make('tcp4').fd, to.localAddress);
    for (const [socket, text] of [
      [other, 'not this'],
      [to, 'first'],
      [other, 'nor this'],
      [to, 'last'],
    ] as const) {
      client.sendTo(Buffer.from(text), socket.localAddress);
    }
    await sniffer.until('the last came', () => sniffer.stdout.includes('"last"'));
    const way = `127.0.0.1:${portOf(client)} > 127.0.0.1:${portOf(to)}`;
    expect(sniffer.stdout.toString()).toBe(`${way} "first"\n${way} "last"\n`);
  });

  test('a port that is none is an error, not another filter', async () => {
    const { code, stderr } = await example('sniff.mjs', ['70000x']).finished;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/EPERM|value\[6\]\.k/)]);
  });
});

test('where-to: a port that is taken', async () => {
  const port = await freePort('0.0.0.0');
  const holder = make('udp4');
  holder.bind({ address: '0.0.0.0', port });
  const { code, stderr } = await example('where-to.mjs', [String(port)]).finished;
  expect(stderr).toContain(`bind EADDRINUSE 0.0.0.0:${port}`);
  expect(code).toBe(1);
});
