// Running other programs, and saying what is going on.
import { spawn, spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

export function say(line) {
  process.stdout.write(`sockkit: ${line}\n`);
}

/** True where the module is the program that node was started with. */
export function isMain(moduleUrl) {
  return process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(moduleUrl);
}

/**
 * Runs a program in the repository's root. Its output is kept, and also shown when `show` is set.
 * Resolves to { ok, output, code }, also where the program cannot be started.
 */
export function run(command, args, { cwd = root, env = process.env, show = false, signal } = {}) {
  return new Promise((done) => {
    let output = '';
    const stdio = ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd, env, signal, killSignal: 'SIGKILL', stdio });
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      if (show) process.stdout.write(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output += text;
      if (show) process.stderr.write(text);
    });
    child.on('error', (error) => done({ ok: false, code: null, output: `${error.message}\n` }));
    child.on('close', (code, signal) => {
      if (signal) output += `${command}: ended by ${signal}\n`;
      done({ ok: code === 0, code, output });
    });
  });
}

/** As run(), but a failure prints what the program said and ends this one. */
export async function must(what, command, args, options) {
  const result = await run(command, args, options);
  if (!result.ok) {
    if (!options?.show) process.stderr.write(result.output);
    process.stderr.write(`sockkit: ${what} failed\n`);
    process.exit(1);
  }
  return result.output;
}

/** Whether a program can be started and, with these arguments, exits 0. */
export function works(command, args = ['--version']) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Whether a program is on the PATH, without running it. */
export function onPath(command) {
  return spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0;
}

/** How to start npm: the very npm that started this program, where there is one. */
export function npm(...args) {
  const script = process.env.npm_execpath;
  return script?.endsWith('.js') ? [process.execPath, [script, ...args]] : ['npm', args];
}

/** The script of a development dependency, to be run by node. */
export function bin(path) {
  return resolve(root, 'node_modules', path);
}

export function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
