// Live mode: chunks as they come, and on a terminal nothing that the terminal would obey.
import { Client, closeClients } from './helpers/clients.js';
import { commandFile, sockserve, stopAll, type Running } from './helpers/run.js';
import { canHaveTerminal, startOnTerminal } from './helpers/terminal.js';

const HOSTILE = Buffer.from('\x1b[31mred\x07 tab\t\x7f\r\n\x9b \xc2\x9bé\n', 'latin1');
const LETTERS = Buffer.from('é 虎 🐯\n');

afterEach(async () => {
  closeClients();
  await stopAll();
});

async function onTerminal(...options: string[]): Promise<{ server: Running; port: number }> {
  const command = [process.execPath, commandFile('sockserve'), ...options, '0'];
  const server = startOnTerminal(command);
  const [, port] = await server.stderrMatch(/port (\d+)/);
  return { server, port: Number(port) };
}

const shown = (server: Running, text: string | Buffer) =>
  server.until(`it shows ${text.toString()}`, () => server.stdout.equals(Buffer.from(text)));

test('on a terminal chunks are shown while the message goes on', async () => {
  if (!canHaveTerminal()) return;
  const { server, port } = await onTerminal();
  const [one, other] = [await Client.connect(port), await Client.connect(port)];
  await one.write('from one, ');
  await shown(server, 'from one, ');
  await other.write('from the other, ');
  await shown(server, 'from one, from the other, ');
  await one.end('from one again\n');
  await shown(server, 'from one, from the other, from one again\n');
});

test('on a terminal control characters are shown as \\xNN, and UTF-8 passes', async () => {
  if (!canHaveTerminal()) return;
  const { server, port } = await onTerminal();
  const client = await Client.sending(port, HOSTILE);
  const escaped = '\\x1B[31mred\\x07 tab\t\\x7F\\x0D\n\\x9B \\xC2\\x9B\\xE9\n';
  await shown(server, escaped);
  let text = escaped;
  // Byte by byte: a character is shown when it is complete.
  for (const byte of LETTERS) await client.write(Uint8Array.of(byte));
  text += LETTERS.toString();
  await shown(server, text);
  // The last character never comes to its end.
  await client.end(Buffer.from('\xf0\x9f\x90', 'latin1'));
  await shown(server, `${text}\\xF0\\x9F\\x90`);
});

test('--raw: a terminal gets the bytes as they are', async () => {
  if (!canHaveTerminal()) return;
  const { server, port } = await onTerminal('--raw');
  await Client.sending(port, HOSTILE);
  await shown(server, HOSTILE);
});

test('--live off a terminal: chunks as they come, unchanged', async () => {
  const { server, port } = await sockserve(['--live']);
  const client = await Client.sending(port, HOSTILE);
  await shown(server, HOSTILE);
  await client.end('end');
  await shown(server, Buffer.concat([HOSTILE, Buffer.from('end')]));
  expect((await server.kill()).signal).toBe('SIGTERM');
});

test('off a terminal nothing is shown of a message that goes on', async () => {
  const { server, port } = await sockserve();
  const client = await Client.sending(port, 'half, ');
  await (await Client.connect(port)).end('whole\n');
  await shown(server, 'whole\n');
  await client.end('half\n');
  await shown(server, 'whole\nhalf, half\n');
});
