// The results of a class, a file for each submission, written as they come. Several machines may
// write into one folder: none writes another's files.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ClassEntry, Student } from '../class-result.js';
import { Refusal } from '../refusal.js';
import { rubricSchema, type Rubric } from '../rubric.js';
import { writeWhole } from '../reports/write.js';

export interface StoredResult extends ClassEntry {
  format: 1;
  /** Of what was graded and how; '' for what shall be tried again. */
  key: string;
}

/** What is known of the class beside the results: so that merging can tell who is missing. */
export interface Manifest {
  format: 1;
  title: string;
  students: Student[];
  rubric: Rubric | null;
}

const MANIFEST = 'class.json';
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/;

const student = z.object({ name: z.string(), canvasId: z.string().nullable(), late: z.boolean() });
const manifest = z.object({
  format: z.literal(1),
  title: z.string(),
  students: z.array(student),
  rubric: rubricSchema.nullable(),
});
const stored = z.object({
  format: z.literal(1),
  key: z.string(),
  student,
  problem: z.string(),
  report: z
    .object({
      format: z.literal(1),
      name: z.string(),
      started: z.string(),
      results: z.array(
        z.object({ name: z.string(), side: z.enum(['server', 'client']), verdict: z.string() }),
      ),
    })
    .nullable(),
});

/** A file name for any name: letters, digits, and a digest where that is not all there is. */
export function fileNameOf(name: string): string {
  if (PLAIN.test(name) && name !== 'class') return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 10);
  const rest = name.replace(/[^A-Za-z0-9-]+/g, '_').slice(0, 60);
  return `${rest}.${digest}`;
}

export class Store {
  constructor(readonly folder: string) {}

  /** The stored result, where it is of this key. */
  find(name: string, key: string): StoredResult | null {
    const found = this.read(name);
    return found !== null && found.key !== '' && found.key === key ? found : null;
  }

  read(name: string): StoredResult | null {
    const file = join(this.folder, `${fileNameOf(name)}.json`);
    return existsSync(file) ? readStored(file) : null;
  }

  write(result: StoredResult): void {
    const file = join(this.folder, `${fileNameOf(result.student.name)}.json`);
    writeWhole(file, `${JSON.stringify(result)}\n`);
  }

  writeManifest(known: Omit<Manifest, 'format'>): void {
    const text = JSON.stringify({ format: 1, ...known });
    writeWhole(join(this.folder, MANIFEST), `${text}\n`);
  }

  /** @throws Refusal where this is no results folder */
  readManifest(): Manifest {
    const file = join(this.folder, MANIFEST);
    if (!existsSync(file)) {
      throw new Refusal(`${this.folder} holds no results: there is no ${MANIFEST} in it`);
    }
    const read = manifest.safeParse(parse(file));
    if (!read.success) throw new Refusal(`${file} is not what sockcheck wrote`);
    return read.data;
  }
}

/** Null where a file is damaged: then it is graded again. */
function readStored(file: string): StoredResult | null {
  const value = parse(file);
  return stored.safeParse(value).success ? (value as StoredResult) : null;
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
