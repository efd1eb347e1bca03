// The servers among the examples, with the clients that people use.
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as path from 'node:path';
import { example } from './helpers/example.js';
import { removeFiles, temporaryFolder } from './helpers/files.js';
import { alphanumerics } from './helpers/messages.js';
import { available, run, type Running, start, stopAll } from './helpers/run.js';
import { closeStreamServers, exchange, serve } from './helpers/stream-servers.js';

afterEach(async () => {
  await stopAll();
  await closeStreamServers();
  removeFiles();
});

async function serving(name: string, args: string[]): Promise<{ server: Running; port: number }> {
  const server = example(name, args);
  const port = await server.until('it listens', () =>
    / on port (\d+)\n/.exec(server.stdout.toString())?.at(1),
  );
  return { server, port: Number(port) };
}

const where = (program: string) => (available(program) ? test : test.skip);

describe('echo', () => {
  const text = alphanumerics(300_000);

  async function echoes(file: string, args: (port: string) => string[]): Promise<void> {
    const { server, port } = await serving('echo.mjs', ['0']);
    const { code, stdout } = await run(file, args(String(port)), { input: text });
    expect([code, stdout.equals(text)]).toEqual([0, true]);
    const { stdout: said } = await server.kill('SIGINT');
    expect(said.toString()).toMatch(/\n300000 bytes sent back\n$/);
  }

  where('nc')('nc', () => echoes('nc', (port) => ['-N', '127.0.0.1', port]));
  where('socat')('socat', () =>
    echoes('socat', (port) => ['-t', '10', '-', `TCP:127.0.0.1:${port}`]),
  );
  where('python3')('Python', () =>
    echoes('python3', (port) => [
      '-c',
      `
import socket, sys, threading
s = socket.create_connection(('127.0.0.1', ${port}))
data = sys.stdin.buffer.read()
def send():
    s.sendall(data)
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=send).start()
while chunk := s.recv(65536):
    sys.stdout.buffer.write(chunk)`,
    ]),
  );
});

describe('files-http', () => {
  const large = alphanumerics(2_000_000);

  function files(): string {
    const folder = temporaryFolder();
    fs.writeFileSync(path.join(folder, 'large.txt'), large);
    fs.writeFileSync(path.join(folder, 'empty.txt'), '');
    const script = '<script>document.title = 2 * 21</script><p id=x>served</p>';
    fs.writeFileSync(path.join(folder, 'page.html'), script);
    return folder;
  }

  where('curl')(
    'curl: a file, one that is not there, one outside, two in one connection',
    async () => {
      const { port } = await serving('files-http.mjs', [files(), '0']);
      const url = (name: string) => `http://127.0.0.1:${port}/${name}`;
      const got = await run('curl', ['-sS', url('large.txt')]);
      expect([got.code, got.stderr, got.stdout.equals(large)]).toEqual([0, '', true]);
      const missing = ['-sS', '-o', '/dev/null', '-w', '%{http_code}'];
      for (const name of ['none.txt', '../../etc/passwd', '%2e%2e/%2e%2e/etc/passwd', '%']) {
        const { stdout } = await run('curl', [...missing, '--path-as-is', url(name)]);
        expect([name, stdout.toString()]).toEqual([name, '404']);
      }
      const posted = await run('curl', [...missing, '-X', 'PUT', url('empty.txt')]);
      expect(posted.stdout.toString()).toBe('405');
      const two = await run('curl', ['-sS', '-v', url('page.html'), url('empty.txt')]);
      expect(two.stdout.toString()).toContain('served');
      expect(two.stderr).toMatch(/Re-using existing connection/);
    },
  );

  where('chromium')('a browser', async () => {
    const { port } = await serving('files-http.mjs', [files(), '0']);
    const profile = `--user-data-dir=${temporaryFolder()}`;
    const { stdout } = await run('chromium', [
      ...[
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        profile,
      ],
      ...['--dump-dom', `http://127.0.0.1:${port}/page.html`],
    ]);
    expect(stdout.toString()).toContain('<title>42</title>');
    expect(stdout.toString()).toContain('served');
  });
});

const nc = where('nc');
nc('chat: what one says, the others hear', async () => {
  const { port } = await serving('chat.mjs', ['0']);
  const join = async (name: string): Promise<Running> => {
    const client = start('nc', ['127.0.0.1', String(port)], { input: null });
    await client.until('it is asked', () => client.stdout.includes('Your name?'));
    client.child.stdin?.write(`${name}\n`);
    await client.until('it has joined', () => / here: .*\n/.exec(client.stdout.toString()));
    return client;
  };
  const ada = await join('ada');
  const bob = await join('bob');
  await ada.until('ada hears of bob', () => ada.stdout.includes('* bob has come'));
  bob.child.stdin?.write('hello\n');
  await ada.until('ada hears bob', () => ada.stdout.includes('bob: hello\n'));
  await bob.kill('SIGKILL');
  await ada.until('ada hears that bob is gone', () => ada.stdout.includes('* bob has left'));
  expect(bob.stdout.toString()).not.toContain('hello');
});

test('toDuplex() is a connection for HTTP', async () => {
  const web = http.createServer((request, response) => {
    const body: Buffer[] = [];
    request.on('data', (chunk: Buffer) => body.push(chunk));
    request.on('end', () => response.end(`${request.method ?? ''} ${Buffer.concat(body).length}`));
  });
  const { server, port } = await serve((connection) => {
    web.emit('connection', connection.toDuplex());
  });
  const request = `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n`;
  const answer = await exchange(port, request + 'x'.repeat(100_000));
  expect(answer.toString()).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*POST 100000/);
  expect(server.stats().connections).toBe(1);
});
