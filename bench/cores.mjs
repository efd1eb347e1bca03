// One core for who is measured and another for who makes the load.
import fs from 'node:fs';

function allowedCores() {
  const [, list] = /^Cpus_allowed_list:\s*(.+)$/m.exec(
    fs.readFileSync('/proc/self/status', 'utf8'),
  );
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** Two different cores, or an Error. */
export function twoCores(subject) {
  const allowed = allowedCores();
  if (allowed.length < 2) throw new Error(`${subject}: two cores are needed, there is one`);
  return { server: allowed[0], generator: allowed.at(-1) };
}

export const pinned = (core, command) => ['taskset', '--cpu-list', String(core), ...command];
