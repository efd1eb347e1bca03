// The right and the wrong programs of test/fixtures, made ready to be graded.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import ts from 'typescript';
import { available } from './run.js';

const ROOT = path.resolve(__dirname, '../..');
const FIXTURES = path.join(ROOT, 'test/fixtures');

export type Side = 'server' | 'client';

/** A row of test/fixtures/wrong/mistakes.json. */
export interface Mistake {
  /** NAME.patch is what makes the right program wrong. */
  name: string;
  language: string;
  side: Side;
  /** The right program, below test/fixtures/right. */
  base: string;
  /** What it does. */
  mistake: string;
  /** The case that is meant to catch it. */
  case: string;
  /** What the explanation has to have in it. */
  says: string;
}

export interface Prepared {
  directory: string;
  server?: string;
  client?: string;
}

/** The compiler or interpreter of each folder of test/fixtures/right. */
const NEEDS: Readonly<Record<string, string>> = {
  c: 'cc',
  python: 'python3',
  typescript: 'node',
  go: 'go',
  java: 'javac',
};

/** Pairs of right programs; those whose language is not here are left out, and said so. */
export function rightPairs(): { name: string; server: string; client: string }[] {
  const pairs = [
    { name: 'C', server: 'c/server.c', client: 'c/client.c' },
    { name: 'C, spooling', server: 'c/server-spool.c', client: 'c/client.c' },
    { name: 'Python', server: 'python/server.py', client: 'python/client.py' },
    {
      name: 'Python, its own server',
      server: 'python/server-classes.py',
      client: 'python/client-sendall.py',
    },
    { name: 'TypeScript', server: 'typescript/server.ts', client: 'typescript/client.ts' },
    {
      name: 'TypeScript, node:net',
      server: 'typescript/server-messages.ts',
      client: 'typescript/client-net.ts',
    },
    { name: 'Go', server: 'go/server.go', client: 'go/client.go' },
    { name: 'Java', server: 'java/Server.java', client: 'java/Client.java' },
  ];
  return pairs.filter(({ server }) => isLanguageHere(server));
}

function isLanguageHere(base: string): boolean {
  return available(NEEDS[base.split('/')[0] ?? ''] ?? '');
}

export function mistakes(): Mistake[] {
  const text = fs.readFileSync(path.join(FIXTURES, 'wrong/mistakes.json'), 'utf8');
  return (JSON.parse(text) as Mistake[]).filter(({ base }) => isLanguageHere(base));
}

/** How many lines the patch takes away or adds. */
export function changedLines(name: string): number {
  const patch = fs.readFileSync(path.join(FIXTURES, 'wrong', `${name}.patch`), 'utf8');
  return patch.split('\n').filter((line) => /^[+-](?![+-]{2} )/.test(line)).length;
}

/** Puts a right program, with a patch if that is named, into a folder, and builds it there. */
export function prepare(base: string, folder: string, patch?: string): Prepared {
  const file = path.basename(base);
  fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(path.join(FIXTURES, 'right', base), path.join(folder, file));
  if (patch !== undefined) {
    // A repository around the folder would make git pass over what lies outside of it.
    const env = { ...process.env, GIT_CEILING_DIRECTORIES: path.dirname(folder) };
    const name = path.join(FIXTURES, 'wrong', `${patch}.patch`);
    execFileSync('git', ['apply', name], { cwd: folder, env, stdio: 'pipe' });
  }
  const command = build(base.split('/')[0] ?? '', file, folder);
  return /server/i.test(file)
    ? { directory: folder, server: `${command} {port}` }
    : { directory: folder, client: `${command} {host} {port}` };
}

/** The command, without its arguments. */
function build(language: string, file: string, folder: string): string {
  const run = (program: string, args: string[], env: Record<string, string> = {}) =>
    execFileSync(program, args, { cwd: folder, stdio: 'pipe', env: { ...process.env, ...env } });
  const name = file.replace(/\.\w+$/, '');
  switch (language) {
    case 'c':
      run('cc', ['-std=gnu11', '-O2', '-w', '-pthread', '-o', name, file]);
      return `./${name}`;
    case 'python':
      return `python3 ${file}`;
    case 'typescript': {
      const source = fs.readFileSync(path.join(folder, file), 'utf8');
      const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
      const { outputText } = ts.transpileModule(source, { compilerOptions });
      fs.writeFileSync(path.join(folder, `${name}.js`), outputText);
      const modules = path.join(folder, 'node_modules');
      fs.mkdirSync(modules, { recursive: true });
      if (!fs.existsSync(path.join(modules, 'sockkit'))) {
        fs.symlinkSync(ROOT, path.join(modules, 'sockkit'));
      }
      return `'${process.execPath}' ${name}.js`;
    }
    case 'go':
      run('go', ['build', '-o', name, file], { GO111MODULE: 'off' });
      return `./${name}`;
    case 'java':
      run('javac', [file]);
      return `java -XX:TieredStopAtLevel=1 -cp . ${name}`;
    default:
      throw new Error(`no language ${language}`);
  }
}
