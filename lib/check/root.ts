// Where the package is installed.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A bundled command is at another depth than its modules: so the way up is searched. */
function packageRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json')) || folder === dirname(folder)) return folder;
  return packageRoot(dirname(folder));
}

export const ROOT = packageRoot(__dirname);

export function version(): string {
  const file = join(ROOT, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
