// A host name with addresses of the test's choice, through an /etc/hosts that only the program
// sees: a mount namespace of its own.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { start, type Running, type RunOptions } from './run.js';

const SCRIPT = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';

/** Whether that can be done here; tests that need it say so and skip. */
export function canSetHosts(): boolean {
  const can = spawnSync('unshare', ['-rm', 'mount', '--bind', '/etc/hosts', '/etc/hosts']);
  if (can.status !== 0) console.warn('skipped: no mount namespaces here');
  return can.status === 0;
}

/** `directory` is where the file goes; each line is an address and a name. */
export function startWithHosts(
  directory: string,
  lines: readonly string[],
  command: readonly string[],
  options?: RunOptions,
): Running {
  const file = path.join(directory, 'hosts');
  fs.writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return start('unshare', ['-rm', 'sh', '-c', SCRIPT, 'sh', file, ...command], options);
}

/** Whether ::1 can be listened on; tests that need it say so and skip. */
export function hasIpv6(): boolean {
  const has =
    fs.existsSync('/proc/net/if_inet6') &&
    /^0{31}1 /m.test(fs.readFileSync('/proc/net/if_inet6', 'utf8'));
  if (!has) console.warn('skipped: no IPv6 here');
  return has;
}
