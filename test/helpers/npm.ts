// npm, as a user's shell would find it, with a PATH that holds nothing else.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

/** Fills the folder with links to these programs and no others. */
export function linkPrograms(folder: string, programs: readonly string[]): void {
  fs.mkdirSync(folder, { recursive: true });
  for (const program of programs) {
    const found =
      program === 'node'
        ? process.execPath
        : execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
    fs.symlinkSync(fs.realpathSync(found), path.join(folder, program));
  }
}

/** The arguments for env(1) that leave a program this PATH, a HOME for npm, and nothing more. */
export function bareEnvironment(programs: string): string[] {
  const home = process.env.HOME ?? '/';
  // The cache that `npm ci` has filled, wherever this npm keeps it.
  const cache = process.env.npm_config_cache;
  return [
    '-i',
    `PATH=${programs}`,
    `HOME=${home}`,
    ...(cache === undefined ? [] : [`npm_config_cache=${cache}`]),
  ];
}
