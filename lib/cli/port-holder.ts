// Who listens on a TCP port, as far as /proc tells: other users' processes do not show their
// descriptors, and other systems have no /proc.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

export interface Holder {
  pid: number;
  command: string;
}

const LISTEN = '0A';

export function portHolder(port: number): Holder | null {
  const inodes = new Set([...listenInodes('tcp', port), ...listenInodes('tcp6', port)]);
  if (inodes.size === 0) return null;
  const links = new Set([...inodes].map((inode) => `socket:[${inode}]`));
  for (const pid of entries('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const fd of entries(`/proc/${pid}/fd`)) {
      if (links.has(link(`/proc/${pid}/fd/${fd}`))) {
        return { pid: Number(pid), command: commandOf(pid) };
      }
    }
  }
  return null;
}

/** The inodes of the sockets in state LISTEN; a line is `sl local:port remote:port state ...`. */
function listenInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return read(`/proc/self/net/${table}`)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) === true && fields[3] === LISTEN)
    .map((fields) => fields[9] ?? '');
}

/** On one line and free of control characters: a process can call itself anything. */
function commandOf(pid: string): string {
  const words = read(`/proc/${pid}/cmdline`).split('\0').join(' ').trim();
  const text = words === '' ? read(`/proc/${pid}/comm`).trim() : words;
  const shown = text.replace(/\p{Cc}+/gu, ' ');
  return shown.length > 100 ? `${shown.slice(0, 100)}...` : shown;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
