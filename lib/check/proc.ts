// What /proc tells of programs and of sockets. What has gone meanwhile is left out.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Process {
  pid: number;
  state: string;
  session: number;
  threads: number;
  rssBytes: number;
  /** Seconds of processor time, its ended children's too. */
  cpuSeconds: number;
  /** When it was started, in the kernel's ticks. */
  start: number;
}

const PAGE_BYTES = 4096;
/** In a second: what the kernel shows to programs, whatever its own are. */
const TICKS = 100;

export function readOr(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

/** Numbered entries of a folder of /proc. */
function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** The fields of a stat file from the state on: the name before it can hold anything. */
function statFields(file: string): string[] {
  const text = readOr(file);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

export function processOf(pid: number): Process | null {
  const fields = statFields(`/proc/${pid}/stat`);
  if (fields.length < 22) return null;
  return {
    pid,
    state: fields[0] ?? '',
    session: Number(fields[3]),
    threads: Number(fields[17]),
    start: Number(fields[19]),
    rssBytes: Number(fields[21]) * PAGE_BYTES,
    cpuSeconds: fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS,
  };
}

/** Every process of the machine that can be seen. */
export function processes(): Process[] {
  return numbersIn('/proc')
    .map(processOf)
    .filter((process) => process !== null);
}

export function isMarked(pid: number, mark: string): boolean {
  return readOr(`/proc/${pid}/environ`).includes(mark);
}

export interface Thread {
  tid: number;
  state: string;
  /** Ticks of processor time. */
  cpu: number;
}

export function threadsOf(pid: number): Thread[] {
  return numbersIn(`/proc/${pid}/task`).flatMap((tid) => {
    const fields = statFields(`/proc/${pid}/task/${tid}/stat`);
    if (fields.length < 13) return [];
    return [{ tid, state: fields[0] ?? '', cpu: Number(fields[11]) + Number(fields[12]) }];
  });
}

/** How often each thread has waited for something. */
export function waitsOf(pid: number): Map<number, number> {
  return new Map(
    numbersIn(`/proc/${pid}/task`).map((tid) => {
      const status = readOr(`/proc/${pid}/task/${tid}/status`);
      return [tid, Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1] ?? 0)] as const;
    }),
  );
}

export function descriptorsOf(pid: number): number[] {
  return numbersIn(`/proc/${pid}/fd`);
}

/** What a descriptor leads to: `socket:[1234]`, a path. */
export function targetOf(pid: number, fd: number): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return '';
  }
}

/** `VmHWM`, `VmRSS`, `VmSize`, in bytes; 0 where the process has ended. */
export function memoryOf(pid: number, name: string): number {
  const status = readOr(`/proc/${pid}/status`);
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
}

export interface TcpEntry {
  /** As the kernel writes it: 32-bit words in the machine's order, in hex. */
  localAddress: string;
  localPort: number;
  remotePort: number;
  /** The kernel's number of the state. */
  state: number;
  sendQueue: number;
  receiveQueue: number;
  inode: string;
}

export const SYN_RECV = 3;
export const LISTEN = 10;
export const TIME_WAIT = 6;

/** The TCP sockets of this network namespace, IPv4 and IPv6. */
export function tcpTable(): TcpEntry[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readOr(file)
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const fields = line.trim().split(/\s+/);
        if (fields.length < 10) return [];
        const [localAddress = '', localPort = ''] = (fields[1] ?? '').split(':');
        const remotePort = (fields[2] ?? '').split(':')[1] ?? '';
        const [sendQueue = '', receiveQueue = ''] = (fields[4] ?? '').split(':');
        return [
          {
            localAddress,
            localPort: parseInt(localPort, 16),
            remotePort: parseInt(remotePort, 16),
            state: parseInt(fields[3] ?? '', 16),
            sendQueue: parseInt(sendQueue, 16),
            receiveQueue: parseInt(receiveQueue, 16),
            inode: fields[9] ?? '',
          },
        ];
      }),
  );
}

export function listenersOn(port: number): TcpEntry[] {
  return tcpTable().filter((entry) => entry.state === LISTEN && entry.localPort === port);
}
