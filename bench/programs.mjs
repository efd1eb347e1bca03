// Who is compared: how each is started, the size of its buffers, and what is asked of the ratio.
// Where a peer cannot run here, `missing` says why.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const peers = path.join(import.meta.dirname, 'peers');
const ours = path.join(import.meta.dirname, 'ours');
const HOST = '127.0.0.1';

const sockserve = path.join(root, 'dist/bin/sockserve.js');
const sockclient = path.join(root, 'dist/bin/sockclient.js');
const notBuilt = existsSync(sockserve) && existsSync(sockclient) ? null : 'run npm run build first';

function resultOf(command, ...args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return null;
  }
}

const node = (file, ...args) => [process.execPath, path.join(peers, file), ...args];

function nodePair(name, kind, writes) {
  return {
    name,
    must: 2.5,
    aim: 3,
    buffers: `socket.pipe into ${writes}, process.stdin.pipe into the socket: 64 KiB, Node's default`,
    server: (port) => node('node-stream-server.mjs', String(port), kind),
    client: (port) => node('node-client.mjs', HOST, String(port)),
  };
}

function pythonPair(bytes, must, aim) {
  // Not the `python3` of the path, which may be a shell script that looks for the real one.
  const python = resultOf('python3', '-c', 'import sys; print(sys.executable)')?.trim();
  return {
    name: `Python, ${bytes} bytes`,
    must,
    aim,
    missing: python ? null : 'there is no python3',
    buffers: `recv, write, read and sendall of ${bytes} bytes, no buffering of its own`,
    server: (port) => [python, path.join(peers, 'stream-server.py'), String(port), String(bytes)],
    client: (port) => [
      python,
      path.join(peers, 'stream-client.py'),
      HOST,
      String(port),
      String(bytes),
    ],
  };
}

function socatPair(name, bytes, options, must, aim) {
  return {
    name,
    must,
    aim,
    missing: resultOf('socat', '-V') === null ? 'there is no socat' : null,
    buffers: `${bytes} bytes`,
    server: (port) => ['socat', '-u', ...options, `TCP-LISTEN:${port},reuseaddr`, 'STDOUT'],
    client: (port) => ['socat', '-u', ...options, 'STDIN', `TCP:${HOST}:${port}`],
  };
}

/** Pairs that carry a client's standard input into the server's standard output. */
export function throughputPairs(programs) {
  return [
    {
      name: 'sockserve and sockclient',
      ours: true,
      missing: notBuilt,
      buffers: 'recv and write of 64 KiB blocks, 1 MiB of hold; read and send of 64 KiB',
      server: (port) => [process.execPath, sockserve, String(port)],
      client: (port) => [process.execPath, sockclient, HOST, String(port)],
    },
    {
      name: 'C stream',
      must: 0.95,
      aim: 1,
      buffers: 'recv and write of 64 KiB, read and send of 64 KiB',
      server: (port) => [programs.streamServer, String(port)],
      client: (port) => [programs.streamClient, HOST, String(port)],
    },
    nodePair('node:net into process.stdout', 'sync', 'process.stdout (synchronous)'),
    nodePair('node:net into fs.createWriteStream', 'async', 'fs.createWriteStream'),
    pythonPair(2048, 3.5, 4),
    pythonPair(65536, 0.95, 1),
    socatPair('socat', 8192, [], 3.5, 4),
    socatPair('socat -b 65536', 65536, ['-b', '65536'], 1.1, 1.2),
  ];
}

/** Servers that print each connection's message whole. */
export function connectionServers(programs) {
  return [
    {
      name: 'sockserve',
      ours: true,
      missing: notBuilt,
      buffers: '16 KiB for each connection that has sent something',
      server: (port) => [process.execPath, sockserve, String(port)],
    },
    {
      name: 'course C (reference/server.c)',
      must: 3,
      aim: 4,
      buffers: '2048 bytes, a new thread for each connection',
      server: (port) => [programs.courseServer, String(port)],
    },
    {
      name: 'node:net, a message at a time',
      must: 1.8,
      aim: 2.3,
      buffers: "64 KiB, Node's default",
      server: (port) => node('node-message-server.mjs', String(port)),
    },
  ];
}

/** Servers that send back what comes. */
export function echoServers() {
  return [
    {
      name: 'sockkit/promises',
      ours: true,
      missing: notBuilt,
      buffers: 'recv of up to 64 KiB and sendAll, TCP_NODELAY',
      server: (port) => [process.execPath, path.join(ours, 'promises-echo.mjs'), String(port)],
    },
    {
      name: 'createServer',
      ours: true,
      missing: notBuilt,
      buffers: 'for await and sendAll(), 64 KiB from a pool, noDelay as accept() gives it',
      server: (port) => [process.execPath, path.join(ours, 'server-echo.mjs'), String(port)],
    },
    {
      name: 'node:net',
      must: 0.9,
      aim: 1.2,
      buffers: "'data' and write(), 64 KiB, Node's default; setNoDelay()",
      server: (port) => node('node-echo.mjs', String(port)),
    },
  ];
}

/** Servers that take what comes and throw it away. */
export function sinkServers() {
  const sink = (kind) => (port) => [
    process.execPath,
    path.join(ours, 'server-sink.mjs'),
    String(port),
    kind,
  ];
  return [
    {
      name: 'createServer, chunks lent',
      ours: true,
      missing: notBuilt,
      buffers: 'for await with lend, 64 KiB from a pool',
      server: sink('lend'),
    },
    {
      name: 'createServer, chunks kept',
      missing: notBuilt,
      buffers: 'for await, 64 KiB from a pool, copied out',
      server: sink('keep'),
    },
    {
      name: 'node:net',
      buffers: "'data', 64 KiB, Node's default",
      server: (port) => node('node-sink.mjs', String(port)),
    },
  ];
}

/** Senders and receivers of datagrams. */
export function datagramPairs() {
  const pair = (file) => ({
    receiver: [process.execPath, file, 'receive'],
    sender: [process.execPath, file, 'send'],
  });
  return [
    {
      name: 'sys.recvmmsg and sys.sendmmsg',
      ours: true,
      missing: notBuilt,
      buffers: '256 datagrams a call; cut, 16 buffers of 64 datagrams a call; SO_RCVBUF as it is',
      ...pair(path.join(ours, 'datagrams.mjs')),
    },
    {
      name: 'node:dgram',
      must: 4,
      aim: 8,
      buffers: "'message' and send(), connected, 64 sends in flight; SO_RCVBUF as it is",
      ...pair(path.join(peers, 'node-datagrams.mjs')),
    },
  ];
}
