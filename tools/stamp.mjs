// A stamp beside a build's output holds a digest of everything that went into it, so that a build
// is repeated when an input changed and not because a checkout touched it.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { root } from './run.mjs';

/** All files below the given files and folders, relative to the root, sorted. */
export function filesBelow(paths) {
  const found = [];
  const visit = (path) => {
    const full = resolve(root, path);
    if (!existsSync(full)) return;
    if (!statSync(full).isDirectory()) found.push(path);
    else for (const name of readdirSync(full)) visit(join(path, name));
  };
  paths.forEach(visit);
  return found.sort();
}

export function digest(paths, ...more) {
  const hash = createHash('sha256').update(JSON.stringify(more));
  for (const path of filesBelow(paths)) {
    hash.update(`\0${path}\0`).update(readFileSync(resolve(root, path)));
  }
  return hash.digest('hex');
}

/** Whether `output` exists and `stamp` says that it was made from inputs of this digest. */
export function isCurrent(stamp, output, wanted) {
  const file = resolve(root, stamp);
  return (
    existsSync(resolve(root, output)) && existsSync(file) && readFileSync(file, 'utf8') === wanted
  );
}

export function mark(stamp, value) {
  const file = resolve(root, stamp);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, value);
}
