// Finds the submissions of a class.
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Student } from '../class-result.js';
import { Refusal } from '../refusal.js';
import { visibleLine } from '../visible.js';
import { readCanvasFolder } from './canvas.js';
import type { ClassConfig, Programs } from './config.js';
import type { Source } from './sources.js';
import { isArchive, unpack } from './unpack.js';

export interface HandIn {
  student: Student;
  source: Source;
  /** Those of class.yaml's list have commands of their own. */
  programs: Programs;
}

export interface HandIns {
  handIns: HandIn[];
  /** What the staff should know: files that are nobody's. */
  notices: string[];
}

const MOST_OF_CANVAS = { files: 100_000, bytes: 2 ** 33 };

/** @param folder for what has to be unpacked; stays the caller's */
export async function findHandIns(config: ClassConfig, folder: string): Promise<HandIns> {
  const found =
    config.canvas !== null
      ? await fromCanvas(config.canvas, folder)
      : { handIns: [...(await fromPatterns(config)), ...fromList(config)], notices: [] };
  if (found.handIns.length === 0) throw new Refusal('there are no submissions: nothing matches');
  const sorted = found.handIns.sort((a, b) => (a.student.name < b.student.name ? -1 : 1));
  for (const [index, { student }] of sorted.entries()) {
    if (sorted[index + 1]?.student.name === student.name) {
      throw new Refusal(`two submissions are called ${visibleLine(student.name)}`);
    }
  }
  return { handIns: sorted, notices: found.notices };
}

/** Every nth of them, from the index-th on (1 is the first): the same ones on every machine. */
export function shardOf<T>(all: readonly T[], index: number, count: number): T[] {
  return all.filter((_, place) => place % count === index - 1);
}

async function fromCanvas(path: string, folder: string): Promise<HandIns> {
  if (!existsSync(path)) throw new Refusal(`canvas: there is no ${path}`);
  let unpacked = path;
  if (!statSync(path).isDirectory()) {
    unpacked = join(folder, 'canvas');
    mkdirSync(unpacked);
    await unpack(path, basename(path), unpacked, MOST_OF_CANVAS);
  }
  const { handIns, strange } = readCanvasFolder(unpacked);
  return {
    handIns: handIns.map(({ student, files }) => ({ student, source: { files }, programs: {} })),
    notices: strange.map((name) => `${visibleLine(name)} is not named as Canvas does; left out`),
  };
}

async function fromPatterns({ patterns, folder }: ClassConfig): Promise<HandIn[]> {
  if (patterns.length === 0) return [];
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded only for a class
  const { glob } = require('tinyglobby') as typeof import('tinyglobby');
  const paths = await glob(patterns, {
    cwd: folder,
    absolute: true,
    onlyFiles: false,
    expandDirectories: false,
    followSymbolicLinks: false,
  });
  return paths
    .map((path) => path.replace(/\/$/, ''))
    .filter(
      (path) =>
        (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false) || isArchive(path),
    )
    .map((path) => {
      const isFolder = statSync(path).isDirectory();
      const name = isFolder
        ? basename(path)
        : basename(path).replace(/\.(zip|tgz|tar|tar\.gz)$/i, '');
      const source: Source = isFolder
        ? { directory: path }
        : { files: [{ path, name: basename(path) }] };
      return { student: studentOf(name), source, programs: {} };
    });
}

function fromList({ list }: ClassConfig): HandIn[] {
  return list.map(({ name, directory, build, server, client }) => ({
    student: studentOf(name),
    source: { directory },
    programs: { build, server, client },
  }));
}

function studentOf(name: string): Student {
  return { name, canvasId: null, late: false };
}
