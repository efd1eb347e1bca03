// When a server listens: the kernel's tables tell, so that it gets no client that is none.
import { describeEnd, type Program } from './program.js';
import { until } from './pace.js';
import { descriptorsOf, LISTEN, listenersOn, targetOf, type TcpEntry, tcpTable } from './proc.js';
import { Stillness } from './stillness.js';

const PATIENCE_MS = 20_000;

export interface NotListening {
  explanation: string;
  /** Somebody else has the port. */
  isTaken: boolean;
}

/** Waits until the program listens on the port of 127.0.0.1; null when it does. */
export async function awaitListener(program: Program, port: number): Promise<NotListening | null> {
  const stillness = new Stillness([program]);
  const found = await until(PATIENCE_MS, () => {
    const listeners = listenersOn(port);
    if (listeners.length > 0) return listeners;
    return program.end !== null || stillness.isLong(0) ? [] : null;
  });
  const listeners = found ?? [];
  const inodes = socketsOf(program);
  const isTaken = listeners.length > 0 && !listeners.some(({ inode }) => inodes.has(inode));
  if (isTaken) return { isTaken, explanation: `Port ${port} was taken by another program.` };
  if (program.end !== null) return { isTaken, explanation: endedEarly(program) };
  if (listeners.some(isReachable)) return null;
  return { isTaken, explanation: elsewhere(program, port, listeners, inodes) };
}

function endedEarly(program: Program): string {
  if (program.end === null) return '';
  const reason = program.violation === '' ? '' : ` ${program.violation}`;
  const how = describeEnd(program.end);
  return `${capital(program.title)} ${how} before it listened on its port.${reason}`;
}

function elsewhere(
  program: Program,
  port: number,
  listeners: readonly TcpEntry[],
  inodes: ReadonlySet<string>,
): string {
  const who = capital(program.title);
  if (listeners.length > 0) {
    return `${who} listens on port ${port}, but on an address that clients of 127.0.0.1 cannot reach. Bind to INADDR_ANY (0.0.0.0).`;
  }
  const others = tcpTable().filter(({ state, inode }) => state === LISTEN && inodes.has(inode));
  const [other] = others;
  if (other === undefined) {
    return `${who} runs, but does not listen on port ${port}: it has called no listen(), or on another socket than the one that is bound.`;
  }
  const swapped = ((port & 0xff) << 8) | (port >> 8);
  const hint =
    other.localPort === swapped
      ? ' The two bytes of the number are swapped: use htons().'
      : ' The port is its argument; is the result of bind() looked at?';
  return `${who} listens on port ${other.localPort} and not on port ${port}, which it was given.${hint}`;
}

/** The inodes of the sockets that a program and its children have. */
export function socketsOf(program: Program): Set<string> {
  const inodes = new Set<string>();
  for (const { pid } of program.processes) {
    for (const fd of descriptorsOf(pid)) {
      const inode = /^socket:\[(\d+)\]$/.exec(targetOf(pid, fd))?.[1];
      if (inode !== undefined) inodes.add(inode);
    }
  }
  return inodes;
}

/** Any address, or 127.0.0.1, also as IPv4-mapped IPv6; words are in the machine's order. */
function isReachable({ localAddress }: TcpEntry): boolean {
  return /^0+$/.test(localAddress) || /(0100007F|7F000001)$/.test(localAddress);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
