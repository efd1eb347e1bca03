// toDuplex() of sockets that net.Socket does not take.
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as readline from 'node:readline';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants as c, Socket } from 'sockkit';
import { Socket as AsyncSocket } from 'sockkit/promises';
import * as sys from 'sockkit/sys';
import { closeAsync, own, rejection, turns } from './helpers/async-sockets.js';
import { openQuestions, waitByPoll } from './helpers/inside.js';
import { codeOf, countSockets, openFds, refusingPort, testWhere } from './helpers/net.js';
import { closeSockets, isRoot, listening, make } from './helpers/sockets.js';

let before: number;
beforeEach(() => {
  before = countSockets();
});
afterEach(() => {
  closeSockets();
  closeAsync();
  expect(openQuestions()).toBe(0);
  expect(countSockets()).toBe(before);
});

const { SOCK_DGRAM, SOCK_SEQPACKET } = c;

/** A stream, and the socket at its other end. */
function ends(type: number, kind: 'blocking' | 'promises' = 'blocking') {
  const [one, other] = Socket.pair(c.AF_UNIX, type);
  const socket = kind === 'blocking' ? one : AsyncSocket.fromFd(one.detach());
  const { fd } = socket;
  return { fd, stream: socket.toDuplex(), other: own(AsyncSocket.fromFd(other.detach())) };
}

/** The same of connected UDP sockets. */
function udpEnds() {
  const [one, other] = [make('udp4'), make('udp4')];
  for (const socket of [one, other]) socket.bind({ address: '127.0.0.1', port: 0 });
  one.connect(other.localAddress);
  other.connect(one.localAddress);
  return { stream: one.toDuplex(), other: own(AsyncSocket.fromFd(other.detach())) };
}

/** To the end. A loop would destroy the stream then, also what is written. */
async function toEnd(stream: Duplex): Promise<string[]> {
  const got: string[] = [];
  stream.on('data', (record: Buffer) => got.push(String(record)));
  await once(stream, 'end');
  return got;
}

async function texts(socket: AsyncSocket, count: number): Promise<string[]> {
  const got: string[] = [];
  while (got.length < count) got.push(String(await socket.recv(100)));
  return got;
}

/** What a stream emits as an error, which is to be one of this package. */
async function errorOf(stream: Duplex): Promise<unknown> {
  return ((await once(stream, 'error')) as unknown[])[0];
}

async function records(stream: AsyncIterable<Buffer>, count: number): Promise<string[]> {
  const got: string[] = [];
  for await (const record of stream) {
    got.push(String(record));
    if (got.length === count) break;
  }
  return got;
}

describe.each(['epoll', 'poll'])('with %s', (way) => {
  beforeAll(() => {
    waitByPoll(way === 'poll');
  });
  afterAll(() => {
    waitByPoll(false);
  });

  test.each(['blocking', 'promises'] as const)(
    'of a %s socket of records, whole and in order, to the end',
    async (kind) => {
      const { stream, other } = ends(SOCK_SEQPACKET, kind);
      stream.write('question');
      stream.write(Buffer.from('?'));
      expect(await texts(other, 2)).toEqual(['question', '?']);
      for (const word of ['one', 'two', 'three']) await other.send(Buffer.from(word));
      other.shutdown(c.SHUT_WR);
      expect(await toEnd(stream)).toEqual(['one', 'two', 'three']);
      // The end of what is read does not end what is written.
      expect(stream.destroyed).toBe(false);
      stream.end('bye');
      await once(stream, 'close');
      expect(await texts(other, 2)).toEqual(['bye', '']);
    },
  );

  test('records without bytes are records, and the end is the end', async () => {
    const { stream, other } = ends(SOCK_SEQPACKET);
    const words = ['', 'a', '', '', 'b'];
    const got = toEnd(stream);
    await turns();
    await other.send(Buffer.alloc(0));
    await turns();
    for (const word of words.slice(1)) await other.send(Buffer.from(word));
    other.shutdown(c.SHUT_WR);
    expect(await got).toEqual(words);
    stream.end();
    await once(stream, 'close');
  });

  test('half-close: what was written ends, and reading goes on', async () => {
    const { stream, other } = ends(SOCK_SEQPACKET);
    stream.end('last');
    await once(stream, 'finish');
    expect(await texts(other, 2)).toEqual(['last', '']);
    await other.send(Buffer.from('answer'));
    other.close();
    const closed = once(stream, 'close');
    expect(await toEnd(stream)).toEqual(['answer']);
    await closed;
  });

  test.each([SOCK_DGRAM, SOCK_SEQPACKET])('no more is read than is taken: %d', async (type) => {
    const { stream, other } = ends(type);
    const got: Buffer[] = [];
    stream.once('data', (record: Buffer) => {
      got.push(record);
      stream.pause();
    });
    let sent = 0;
    const sending = (async () => {
      for (; sent < 3000; sent++) await other.send(Buffer.alloc(1000));
    })();
    while (stream.readableLength < stream.readableHighWaterMark) await turns();
    await turns(20);
    // The rest waits in the system, and then so does who sends.
    expect(stream.readableLength).toBe(stream.readableHighWaterMark);
    expect(sent).toBeLessThan(3000);
    stream.on('data', (record: Buffer) => got.push(record));
    stream.resume();
    await sending;
    while (got.length < sent) await turns();
    expect(got.every((record) => record.length === 1000)).toBe(true);
    stream.destroy();
    await once(stream, 'close');
  });

  test('a writer waits for room', async () => {
    const { stream, other } = ends(SOCK_SEQPACKET);
    let accepted = 0;
    const chunk = Buffer.alloc(5000);
    while (stream.write(chunk, () => (accepted += 1)));
    for (let count = 0; count < 500; count++) stream.write(chunk, () => (accepted += 1));
    await turns(20);
    const full = accepted;
    expect(stream.writableLength).toBeGreaterThan(0);
    stream.end();
    let received = 0;
    while ((await other.recv(9999)).length > 0) received += 1;
    expect(received).toBeGreaterThan(500);
    expect(received).toBeGreaterThan(full);
    expect(accepted).toBe(received);
    stream.destroy();
    await once(stream, 'close');
  });

  test('datagrams, also without bytes, until it is destroyed', async () => {
    const { stream, other } = udpEnds();
    for (const word of ['ping', '', 'pong']) await other.send(Buffer.from(word));
    expect(await records(stream, 3)).toEqual(['ping', '', 'pong']);
    // Leaving the loop destroys a stream, as everywhere in Node.
    expect(stream.destroyed).toBe(true);
  });

  test('what is written are datagrams, also without bytes', async () => {
    const { stream, other } = udpEnds();
    for (const word of ['one', '', 'three']) stream.write(word);
    expect(await texts(other, 3)).toEqual(['one', '', 'three']);
    stream.end();
    await once(stream, 'finish');
    await other.send(Buffer.from('still'));
    expect(String((await once(stream, 'data'))[0])).toBe('still');
    stream.destroy();
    await once(stream, 'close');
  });

  test('an error of the system ends it', async () => {
    const socket = make('udp4');
    socket.connect({ address: '127.0.0.1', port: refusingPort() });
    const stream = socket.toDuplex();
    stream.resume();
    stream.write('x');
    expect(await errorOf(stream)).toMatchObject({ name: 'SocketError', code: 'ECONNREFUSED' });
    expect(stream.destroyed).toBe(true);
  });

  test('destroy() while it waits leaves nothing behind', async () => {
    const { stream } = ends(SOCK_SEQPACKET);
    stream.resume();
    await turns();
    expect(openQuestions()).toBe(1);
    stream.destroy();
    await once(stream, 'close');
    expect(openQuestions()).toBe(0);
    const failed = ends(SOCK_DGRAM).stream;
    failed.destroy(new Error('mine'));
    expect(await errorOf(failed)).toMatchObject({ message: 'mine' });
  });
});

test('pipeline() with files and other streams', async () => {
  const left = ends(SOCK_SEQPACKET);
  const right = AsyncSocket.fromFd(left.other.detach()).toDuplex();
  const lines = Array.from({ length: 2000 }, (_, index) => `line ${index}\n`);
  const written = pipeline(Readable.from(lines), left.stream);
  const got: string[] = [];
  await pipeline(right, async function (source: AsyncIterable<Buffer>) {
    for await (const record of source) got.push(String(record));
  });
  await written;
  expect(got).toEqual(lines);
  left.stream.destroy();
  await once(left.stream, 'close');
});

test('pipeline() into a file, and by a signal', async () => {
  const { stream, other } = ends(SOCK_DGRAM);
  const controller = new AbortController();
  const sink = fs.createWriteStream('/dev/null');
  const done = rejection(pipeline(stream, sink, { signal: controller.signal }));
  await other.send(Buffer.from('x'));
  while (sink.bytesWritten === 0) await turns();
  controller.abort();
  expect((await done).name).toBe('AbortError');
  expect(stream.destroyed).toBe(true);
});

test('readline reads the lines of records', async () => {
  const { stream, other } = ends(SOCK_SEQPACKET);
  for (const part of ['one\nt', 'wo\n', '\u00e9'.repeat(3), '\n'])
    await other.send(Buffer.from(part));
  other.close();
  const lines: string[] = [];
  for await (const line of readline.createInterface({ input: stream })) lines.push(line);
  expect(lines).toEqual(['one', 'two', '\u00e9\u00e9\u00e9']);
  stream.destroy();
});

test('a record as long as the system takes comes whole', async () => {
  const { stream, other } = ends(SOCK_SEQPACKET);
  const long = Buffer.alloc(150_000, 'long');
  await other.send(long);
  const [record] = (await once(stream, 'data')) as [Buffer];
  expect(record.equals(long)).toBe(true);
  stream.destroy();
  await once(stream, 'close');
});

test('descriptors that come are closed, since nobody could', async () => {
  const { stream, other } = ends(SOCK_SEQPACKET);
  stream.resume();
  const open = openFds().length;
  for (let count = 0; count < 5; count++) {
    await other.sendMsg({ data: Buffer.from('x'), control: [{ type: 'rights', fds: [other.fd] }] });
    await once(stream, 'data');
  }
  expect(openFds()).toHaveLength(open);
  stream.destroy();
  await once(stream, 'close');
});

testWhere(isRoot, 'not root')('a raw socket', async () => {
  const socket = make('raw4');
  socket.connect({ address: '127.0.0.1', port: 0 });
  const stream = socket.toDuplex();
  // An echo request with its checksum, which the system answers.
  stream.write(Buffer.from([8, 0, 0xf7, 0xff, 0, 0, 0, 0]));
  for await (const packet of stream as AsyncIterable<Buffer>) {
    // Behind the IP header; the request comes round as well.
    if (packet[20] === 0) break;
  }
  expect(stream.destroyed).toBe(true);
});

test('what cannot be a stream is refused, and left as it is', () => {
  const server = listening('unixSeqpacket');
  const error = codeOf(() => server.toDuplex());
  expect(error).toBe('ERR_INVALID_FD_TYPE');
  expect(server.closed).toBe(false);
  expect(codeOf(() => make('udp4').toNetSocket())).toBe('ERR_INVALID_FD_TYPE');
  const closed = make('udp4');
  closed.close();
  expect(codeOf(() => closed.toDuplex())).toBe('ERR_SOCKET_CLOSED');
});

test('a stream whose descriptor somebody else has closed', async () => {
  const { fd, stream } = ends(SOCK_DGRAM);
  sys.close(fd);
  stream.write('x');
  expect(await errorOf(stream)).toMatchObject({ code: 'EBADF' });
});

test('a sender that is quicker leaves time for others', async () => {
  const [one, other] = AsyncSocket.pair(c.AF_UNIX, SOCK_DGRAM);
  const state = { goesOn: true };
  const busy = (async () => {
    for (let rounds = 0; ; rounds++) {
      if (!state.goesOn) return rounds;
      await one.send(Buffer.from('x'));
      await other.recv(1);
    }
  })();
  // Timers and immediates have their turn, though no call ever waits.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  state.goesOn = false;
  expect(await busy).toBeGreaterThan(0);
  one.close();
  other.close();
});
