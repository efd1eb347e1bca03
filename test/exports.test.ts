import { execFileSync } from 'node:child_process';
import * as path from 'node:path';
import * as root from 'sockkit';
import * as promises from 'sockkit/promises';
import * as sys from 'sockkit/sys';
import { binding } from './helpers/inside.js';

const ROOT = path.resolve(__dirname, '..');

/** In a program of its own: jest has no import() of its tests' kind. */
function evaluate(script: string): unknown {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return JSON.parse(output);
}

test.each(['sockkit', 'sockkit/sys', 'sockkit/promises'])(
  'import() and require() of %s give the same things',
  (name) => {
    const result = evaluate(`
    import { createRequire } from 'node:module';
    const required = createRequire(process.cwd() + '/x.js')('${name}');
    const imported = await import('${name}');
    const names = Object.keys(imported);
    console.log(JSON.stringify({
      imported: names.sort(),
      required: Object.keys(required).sort(),
      different: names.filter((key) => imported[key] !== required[key]),
    }));
  `) as { imported: string[]; required: string[]; different: string[] };
    expect(result.imported).toEqual(result.required);
    expect(result.imported).not.toContain('default');
    expect(result.different).toEqual([]);
  },
);

test('the package exports what it says', () => {
  expect(Object.keys(root).sort()).toEqual(
    [
      ...['constants', 'createConnection', 'createMessageServer', 'listenFds', 'MessageServer'],
      ...['createServer', 'options', 'sendAll', 'Server', 'Socket', 'SocketError'],
    ].sort(),
  );
  expect(Object.keys(promises).sort()).toEqual(
    ['constants', 'createConnection', 'getaddrinfo', 'Socket', 'SocketError'].sort(),
  );
  expect(Object.keys(sys).sort()).toEqual(
    [
      ...['accept', 'bind', 'close', 'connect', 'constants', 'dup', 'getaddrinfo', 'getnameinfo'],
      ...['getpeername', 'getsockname', 'getsockopt', 'if_indextoname', 'if_nametoindex'],
      ...['listen', 'poll', 'recv', 'recvfrom', 'recvmmsg', 'recvmsg', 'send', 'sendfile'],
      ...['sendmmsg', 'sendmsg', 'sendto', 'setNonblocking', 'setsockopt', 'shutdown', 'socket'],
      ...['socketpair', 'tryAccept', 'tryConnect', 'tryRecv', 'trySend'],
    ].sort(),
  );
});

test('the addon has what lib/binding.ts says', () => {
  expect(Object.keys(binding).sort()).toEqual(
    [
      ...['accept', 'bind', 'close', 'connect', 'constants', 'getaddrinfo', 'getpeername'],
      ...['getsockname', 'getsockopt', 'listen', 'MessageServer', 'poll', 'recv', 'recvSmall'],
      ...['send', 'sendSmall', 'setNonblocking', 'setsockopt', 'shutdown', 'small', 'socket'],
      ...['strerror', 'attachFilter', 'disown', 'dup', 'own', 'setCloseOnExec'],
      ...['getnameinfo', 'if_indextoname', 'if_nametoindex', 'recvfrom', 'recvmmsg', 'recvmsg'],
      ...['sendfile', 'sendmmsg', 'sendmsg', 'sendto', 'socketpair'],
      ...['closeRights', 'nextControl', 'putControl', 'slotAddress', 'Readiness', 'lookup'],
      ...['StreamServer', 'trace'],
    ].sort(),
  );
});
