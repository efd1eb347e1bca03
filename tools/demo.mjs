// npm run demo: from a fresh clone to the main job, and a real message arriving.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './run.mjs';
import { setup } from './setup.mjs';

const BYTES = 57_964;
const BIN = join(root, 'dist/bin');

/** UTF-8 with a byte-order mark, CRLF lines, letters of several scripts, and exactly BYTES long. */
function text() {
  const words = 'Tigers tigres Löwen тигры 虎 go naïve señal socket λόγος 🐯 byte'.split(' ');
  let random = 1;
  const next = () => (random = (random * 48271) % 2147483647);
  let made = '\uFEFF';
  while (Buffer.byteLength(made) < BYTES - 200) {
    const count = 3 + (next() % 10);
    made += `${Array.from({ length: count }, () => words[next() % words.length]).join(' ')}\r\n`;
  }
  const left = BYTES - Buffer.byteLength(made) - 2;
  return Buffer.from(`${made}${'!'.repeat(left)}\r\n`);
}

function ended(child) {
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => done(signal ?? code));
  });
}

/** Resolves to the port that the server's line on stderr names. */
function listening(server) {
  return new Promise((done, fail) => {
    let said = '';
    server.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
      const port = /listening on .*port (\d+)/.exec(said)?.[1];
      if (port) done(port);
    });
    server.on('close', () => fail(new Error(`sockserve ended before it listened: ${said}`)));
  });
}

/** Sends the file through a server of its own; returns what the server printed. */
async function exchange(folder, input) {
  const received = join(folder, 'received');
  const out = openSync(received, 'w');
  const server = spawn(process.execPath, [join(BIN, 'sockserve.js'), '0'], {
    stdio: ['ignore', out, 'pipe'],
  });
  closeSync(out);
  const serverEnd = ended(server);
  const stop = () => server.kill('SIGKILL');
  process.once('exit', stop);
  const port = await listening(server);
  const file = openSync(input, 'r');
  const client = spawn(process.execPath, [join(BIN, 'sockclient.js'), '127.0.0.1', port], {
    stdio: [file, 'ignore', 'inherit'],
  });
  closeSync(file);
  const code = await ended(client);
  // What sockclient's exit 0 promised is printed before the server ends.
  server.kill('SIGTERM');
  const end = await serverEnd;
  process.off('exit', stop);
  if (code !== 0) throw new Error(`sockclient ended with ${code}`);
  if (end !== 'SIGTERM') throw new Error(`sockserve ended with ${end}`);
  return { port, bytes: readFileSync(received) };
}

async function show(folder, name, sent) {
  const input = join(folder, name);
  writeFileSync(input, sent);
  const { port, bytes } = await exchange(folder, input);
  process.stdout.write(`\n$ sockserve 0 > received &\nsockserve: listening on port ${port}\n`);
  process.stdout.write(`$ sockclient 127.0.0.1 ${port} < '${name}'\n`);
  if (sent.length < 100) process.stdout.write(`$ cat received\n${bytes.toString()}`);
  process.stdout.write(`$ cmp received '${name}'\n`);
  if (!bytes.equals(sent)) {
    throw new Error(`sent ${sent.length} bytes, received ${bytes.length}, and they differ`);
  }
  process.stdout.write(`the same: ${sent.length.toLocaleString('en')} bytes, byte for byte\n`);
}

await setup({ tests: false });
const folder = mkdtempSync(join(tmpdir(), 'sockkit-demo-'));
try {
  await show(folder, 'hello.txt', Buffer.from('Go Tigers!\n'));
  await show(folder, 'Go Tigers!.txt', text());
  process.stdout.write('\nThe main job works. All tests: npm test\n');
} catch (error) {
  process.stderr.write(`demo: FAILED: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
