import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { closeSockets, listening, make } from './helpers/sockets.js';

afterEach(closeSockets);

const SCRIPT = `
  const { listenFds, Socket } = require(${JSON.stringify(require.resolve('sockkit'))});
  let found;
  try { found = listenFds(); } catch (error) { found = error.code; }
  const flags = (fd) => parseInt(/flags:\\s*(\\d+)/.exec(
    require('fs').readFileSync('/proc/self/fdinfo/' + fd, 'latin1'))[1], 8);
  console.log(JSON.stringify({
    found,
    cloexec: Array.isArray(found) && found.map(({ fd }) => (flags(fd) & 0o2000000) !== 0),
    ports: Array.isArray(found) && found.map(({ fd }) => Socket.fromFd(fd).localAddress.port),
    again: found === 'EBADF' || typeof found === 'string' ? null : listenFds(),
    left: Object.keys(process.env).filter((name) => name.startsWith('LISTEN_')),
  }));`;

/** Runs the script with these sockets from descriptor 3 on; $$ in a variable is its process. */
function activate(variables: string, fds: number[] = []): unknown {
  const { stdout, stderr }: SpawnSyncReturns<string> = spawnSync(
    'sh',
    ['-c', `${variables} exec "$0" -e "$1"`, process.execPath, SCRIPT],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe', ...fds] },
  );
  if (stderr !== '') throw new Error(stderr);
  return JSON.parse(stdout);
}

test('the sockets that a service manager has opened are found by their names', () => {
  const [server, datagrams] = [listening(), make('udp4')];
  datagrams.bind({ address: '127.0.0.1', port: 0 });
  const port = ({ localAddress }: typeof server) => (localAddress as { port: number }).port;
  expect(
    activate('LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=web:', [server.fd, datagrams.fd]),
  ).toEqual({
    found: [
      { fd: 3, name: 'web' },
      { fd: 4, name: 'unknown' },
    ],
    cloexec: [true, true],
    ports: [port(server), port(datagrams)],
    again: [],
    left: [],
  });
});

test('without names they are unknown', () => {
  expect(activate('LISTEN_PID=$$ LISTEN_FDS=1', [listening().fd])).toMatchObject({
    found: [{ fd: 3, name: 'unknown' }],
  });
});

test.each([
  '',
  'LISTEN_FDS=1',
  'LISTEN_PID=1 LISTEN_FDS=1',
  'LISTEN_PID=$$',
  'LISTEN_PID=$$ LISTEN_FDS=0',
])('there are none with %j', (variables) => {
  expect(activate(variables, [listening().fd])).toMatchObject({ found: [] });
});

test.each([
  ['x', 'ERR_INVALID_ARG_VALUE'],
  ['-1', 'ERR_INVALID_ARG_VALUE'],
  ['99999', 'ERR_INVALID_ARG_VALUE'],
  ['60000', 'EBADF'],
])('LISTEN_FDS=%s is %s', (count, code) => {
  expect(activate(`LISTEN_PID=$$ LISTEN_FDS=${count}`)).toMatchObject({ found: code });
});
