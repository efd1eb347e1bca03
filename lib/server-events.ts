// What a server tells beside its connections.
import type { NativeStreamServer } from './binding.js';
import type { SocketError } from './errors.js';

/** What goes wrong on the way and leaves the server running. */
export interface ServerWarning {
  /** What could not be made for want of descriptors or memory: a connection, or its thread. It is
   * tried again; connections wait in the queue meanwhile. */
  kind: 'accept' | 'thread';
  message: string;
  error: SocketError;
}

/** What a server has counted so far, and what it holds now. */
export interface ServerStats {
  /** Accepted so far, and open now. */
  connections: number;
  open: number;
  /** Closed at once because of `maxConnections`. */
  refused: number;
  threads: number;
  bytesIn: number;
  bytesOut: number;
  /** Of receive buffers that are in use. */
  memoryBytes: number;
}

// The order of native/napi/stream_server.cc.
const STATS = [
  ...(['connections', 'open', 'refused', 'threads'] as const),
  ...(['bytesIn', 'bytesOut', 'memoryBytes'] as const),
] satisfies (keyof ServerStats)[];

export function readStats(native: NativeStreamServer): ServerStats {
  const fields = new Float64Array(STATS.length);
  native.stats(fields);
  const stats = {} as Record<keyof ServerStats, number>;
  STATS.forEach((name, index) => (stats[name] = fields[index] ?? 0));
  return stats;
}

/** A warning of the process, about whatever was thrown. */
export function warn(what: unknown): void {
  const { name, message, stack } = Object(what) as Partial<Record<string, unknown>>;
  const text = typeof message === 'string' ? message : `a handler has thrown ${String(what)}`;
  const type = typeof name === 'string' ? name : 'Warning';
  // Not the error itself: one of another realm would be refused.
  process.emitWarning(text, typeof stack === 'string' ? { type, detail: stack } : { type });
}
