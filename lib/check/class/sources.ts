// What was handed in: told apart by its contents, and copied before it is built, so that grading
// never changes it.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '../refusal.js';
import { visibleLine } from '../visible.js';
import { isArchive, unpack, type Allowance } from './unpack.js';

export interface HandedFile {
  path: string;
  /** Its name among the others; may hold slashes. */
  name: string;
}

/** A folder as it is, or files from here and there; archives among them are unpacked. */
export type Source = { directory: string } | { files: HandedFile[] };

/** What one submission may hold. */
const MOST: Allowance = { files: 20_000, bytes: 2 ** 29 };

/**
 * A digest of names, contents and who may be run.
 * @throws Refusal where it is too large, or cannot be read
 */
export function digestOf(source: Source): string {
  const hash = createHash('sha256');
  for (const { path, name } of filesOf(source)) {
    const runs = (lstatSync(path).mode & 0o100) !== 0;
    hash
      .update(JSON.stringify([name, runs]))
      .update(createHash('sha256').update(readFileSync(path)).digest());
  }
  return hash.digest('hex');
}

/** Copies it into a folder that is there and empty. */
export async function copyInto(source: Source, folder: string): Promise<void> {
  let archives = 0;
  const files = filesOf(source);
  for (const { path, name } of files) {
    if ('files' in source && isArchive(name)) {
      archives++;
      await unpack(path, name, folder, MOST);
      continue;
    }
    const to = join(folder, name);
    mkdirSync(join(to, '..'), { recursive: true });
    copyFileSync(path, to);
    chmodSync(to, (lstatSync(path).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
  if (archives > 0) lift(folder);
}

/** An archive often holds one folder with everything in it. */
function lift(folder: string): void {
  const names = readdirSync(folder);
  const [only = ''] = names;
  if (names.length !== 1 || !lstatSync(join(folder, only)).isDirectory()) return;
  const aside = `${folder}.lift`;
  renameSync(join(folder, only), aside);
  rmSync(folder, { recursive: true });
  renameSync(aside, folder);
}

/** Plain files only: links are not followed, and neither pipes nor devices are opened. */
function filesOf(source: Source): HandedFile[] {
  const found: HandedFile[] = [];
  let bytes = 0;
  const visit = (path: string, name: string): void => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) throw new Refusal(`there is no ${visibleLine(path)}`);
    if (stat.isDirectory()) {
      if (name === '.git' || name === 'node_modules') return;
      for (const inner of readdirSync(path).sort()) {
        visit(join(path, inner), name === '' ? inner : `${name}/${inner}`);
      }
    } else if (stat.isFile()) {
      bytes += stat.size;
      found.push({ path, name });
      if (found.length > MOST.files) throw new Refusal(`it holds more than ${MOST.files} files`);
      if (bytes > MOST.bytes) throw new Refusal(`it is larger than ${MOST.bytes / 2 ** 20} MiB`);
    }
  };
  if ('directory' in source) {
    if (!lstatSync(source.directory, { throwIfNoEntry: false })?.isDirectory()) {
      throw new Refusal(`there is no folder ${visibleLine(source.directory)}`);
    }
    visit(source.directory, '');
  } else {
    for (const { path, name } of source.files) visit(path, name);
  }
  return found;
}
