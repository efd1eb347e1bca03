// The programs at the other end: our own pair, the C reference, and the submission's other half.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Template } from './command.js';
import type { GradeOptions, Submission } from './grade-options.js';
import { ROOT } from './root.js';

export interface Partner {
  name: string;
  /** How explanations call it: `sockkit's`. */
  owner: string;
  server: Template | null;
  client: Template | null;
  directory: string;
}

const SERVER_PLACES = ['port'];
const CLIENT_PLACES = ['host', 'port'];
const COMPILERS = ['cc', 'gcc', 'clang'];
const FLAGS = ['-std=c11', '-O2', '-pthread'];
const run = promisify(execFile);

export const serverTemplate = (text: string): Template => new Template(text, SERVER_PLACES);
export const clientTemplate = (text: string): Template => new Template(text, CLIENT_PLACES);

/** Our own pair. */
export function ownPair(): Partner {
  const command = (name: string) => `'${process.execPath}' '${join(ROOT, 'dist/bin', name)}.js'`;
  return {
    name: 'sockkit',
    owner: "sockkit's",
    server: serverTemplate(`${command('sockserve')} {port}`),
    client: clientTemplate(`${command('sockclient')} {host} {port}`),
    directory: ROOT,
  };
}

/** The C pair, compiled into this folder; or one sentence that says why there is none. */
async function compiledReference(folder: string): Promise<Partner | string> {
  for (const compiler of COMPILERS) {
    try {
      for (const name of ['server', 'client']) {
        const source = join(ROOT, 'reference', `${name}.c`);
        if (!existsSync(source)) return `the C reference is not there: ${source}`;
        await run(compiler, [...FLAGS, '-o', join(folder, name), source]);
      }
    } catch (error) {
      const { code, stderr } = error as { code?: string | number; stderr?: string };
      if (code === 'ENOENT') continue;
      return `the C reference does not compile here: ${(stderr ?? '').trim().split('\n')[0] ?? ''}`;
    }
    return {
      name: 'reference',
      owner: "the reference's",
      server: serverTemplate('./server {port}'),
      client: clientTemplate('./client {host} {port}'),
      directory: folder,
    };
  }
  return 'there is no C compiler here, so the C reference takes no part';
}

/** The partners of a submission, and what there is to say about those that are missing. */
export async function partnersOf(
  submission: Submission,
  options: Pick<GradeOptions, 'reference'>,
  folder: string,
): Promise<{ partners: Partner[]; notices: string[] }> {
  const partners = [ownPair()];
  const notices: string[] = [];
  if (options.reference !== undefined) {
    partners.push({
      name: 'reference',
      owner: "the reference's",
      server: serverTemplate(options.reference.server),
      client: clientTemplate(options.reference.client),
      directory: process.cwd(),
    });
  } else {
    const reference = await compiledReference(folder);
    if (typeof reference === 'string') notices.push(reference);
    else partners.push(reference);
  }
  const { server, client, directory } = submission;
  if (server !== undefined && client !== undefined) {
    partners.push({
      name: 'submission',
      owner: 'your own',
      server: serverTemplate(server),
      client: clientTemplate(client),
      directory,
    });
  }
  return { partners, notices };
}
