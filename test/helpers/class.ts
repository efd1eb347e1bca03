// A class in a temporary folder, graded by the fake worker.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './files.js';
import { Running, type Finished } from './run.js';

export interface Event {
  what: 'begin' | 'done' | 'stopped';
  pid: number;
  name: string;
}

export class FakeClass {
  readonly folder = temporaryFolder();
  readonly file = join(this.folder, 'class.yaml');
  readonly results = join(this.folder, 'results');
  readonly gate = join(this.folder, 'gate');
  readonly log = join(this.folder, 'log');

  constructor(lines: readonly string[] = []) {
    this.yaml([
      ...["submissions: 'all/*'", "server: './server {port}'", 'jobs: 2', 'results: results'],
      ...lines,
    ]);
  }

  yaml(lines: readonly string[]): void {
    writeFileSync(this.file, `${lines.join('\n')}\n`);
  }

  /** A submission; what the fake worker makes of it is its plan. */
  add(name: string, plan = 'passed'): this {
    const folder = join(this.folder, 'all', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'plan'), plan);
    return this;
  }

  start(options: Record<string, unknown> = {}): Running {
    const driver = join(__dirname, 'class-driver.cjs');
    const env = { FAKE_LOG: this.log, FAKE_GATE: this.gate };
    return new Running(process.execPath, [driver, this.file, JSON.stringify(options)], { env });
  }

  run(options: Record<string, unknown> = {}): Promise<Finished> {
    return this.start(options).finished;
  }

  /** What the workers did since the last look. */
  events(): Event[] {
    if (!existsSync(this.log)) return [];
    const lines = readFileSync(this.log, 'utf8').trim().split('\n');
    return lines.map((line) => {
      const [what, pid, ...name] = line.split(' ');
      return { what: what as Event['what'], pid: Number(pid), name: name.join(' ') };
    });
  }

  done(): string[] {
    return this.events()
      .filter(({ what }) => what === 'done')
      .map(({ name }) => name);
  }

  forget(): void {
    writeFileSync(this.log, '');
  }
}

export interface ZipEntry {
  name: string;
  data?: string | Buffer;
  /** Unix mode with the file's kind. */
  mode?: number;
  flags?: number;
  /** What its header says of its size, where that is a lie. */
  claimed?: number;
}

/** A zip of stored entries, with whatever names and modes: no library writes hostile ones. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data = '', mode = 0o100644, flags = 0x800, claimed } of entries) {
    const [title, body] = [Buffer.from(name), Buffer.from(data)];
    const size = claimed ?? body.length;
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(flags, 2);
    shared.writeUInt32LE(body.length, 14);
    shared.writeUInt32LE(size, 18);
    shared.writeUInt16LE(title.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, title, body]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    const made = Buffer.from([20, 3]);
    directory.push(Buffer.from('PK\x01\x02', 'latin1'), made, shared, tail, title);
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}
