// Compiles the C programs of the benchmarks.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const directory = path.join(root, 'build-bench');

const SOURCES = {
  courseServer: 'reference/server.c',
  streamServer: 'bench/c/stream-server.c',
  streamClient: 'bench/c/stream-client.c',
  connections: 'bench/c/connections.c',
  roundTrips: 'bench/c/round-trips.c',
  watchTransfer: 'bench/c/watch-transfer.c',
};

/** The path of each program, compiled afresh: it takes a second. */
export function buildPrograms() {
  mkdirSync(directory, { recursive: true });
  const programs = {};
  for (const [name, source] of Object.entries(SOURCES)) {
    programs[name] = path.join(directory, name);
    const flags = ['-std=c11', '-Wall', '-Wextra', '-Wpedantic', '-O2', '-pthread'];
    execFileSync('cc', [...flags, '-o', programs[name], path.join(root, source)]);
  }
  return programs;
}
