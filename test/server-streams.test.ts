// createServer: connections as streams of Node's, under TLS, pipeline() and readline.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as tls from 'node:tls';
import { alphanumerics } from './helpers/messages.js';
import { cleanUp, countSockets, tempDir } from './helpers/net.js';
import { eventually } from './helpers/proc.js';
import { available } from './helpers/run.js';
import { closeStreamServers, exchange, serve } from './helpers/stream-servers.js';

let socketsBefore = 0;
beforeEach(() => {
  socketsBefore = countSockets();
});
afterEach(async () => {
  await closeStreamServers();
  cleanUp();
  await eventually('every socket is closed', () => countSockets() <= socketsBefore);
});

/** A key, and a certificate for localhost that it has signed itself. */
function selfSigned(): { key: Buffer; cert: Buffer } {
  const folder = tempDir();
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const words = ['req', '-x509', ...curve, ...subject, '-days', '2', '-keyout', key, '-out', cert];
  const { status, stderr } = spawnSync('openssl', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl: ${stderr}`);
  return { key: fs.readFileSync(key), cert: fs.readFileSync(cert) };
}

const hasOpenssl = available('openssl');
if (!hasOpenssl) console.warn('skipped: TLS, there is no openssl to make a certificate with');

(hasOpenssl ? test.each([{ lend: false }, { lend: true }]) : test.skip.each([{ lend: false }]))(
  'TLS with %j: the certificate is checked, and every byte comes back',
  async (options) => {
    const { key, cert } = selfSigned();
    const failures: unknown[] = [];
    const { server, port } = await serve(async (connection) => {
      const secure = new tls.TLSSocket(connection.toDuplex(), { isServer: true, key, cert });
      await pipeline(secure, secure).catch((error: unknown) => failures.push(error));
    }, options);
    const data = alphanumerics(1_000_000);
    const answers = [1, 2, 3].map(async () => {
      const client = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: cert });
      await once(client, 'secureConnect');
      client.end(data);
      const chunks: Buffer[] = [];
      for await (const chunk of client) chunks.push(chunk as Buffer);
      return [client.authorized, Buffer.concat(chunks).equals(data)];
    });
    expect(await Promise.all(answers)).toEqual([1, 2, 3].map(() => [true, true]));
    await eventually('all are gone', () => server.connections === 0);
    expect(failures).toEqual([]);
  },
);

test('pipeline() through a transform, with an end of its own to each side', async () => {
  const { server, port } = await serve(async (connection) => {
    const stream = connection.toDuplex();
    const upper = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        done(null, chunk.toString('latin1').toUpperCase());
      },
      flush(done) {
        done(null, '.');
      },
    });
    await pipeline(stream, upper, stream);
  });
  const data = alphanumerics(700_000);
  const answer = await exchange(port, data);
  expect(answer.toString('latin1') === `${data.toString('latin1').toUpperCase()}.`).toBe(true);
  await eventually('it is gone', () => server.connections === 0);
});

test('pipeline() to a target that fails resets the peer, and says why', async () => {
  const said: unknown[] = [];
  const { server, port } = await serve(async (connection) => {
    const refuse = new Transform({
      transform(_chunk, _encoding, done) {
        done(new Error('refused'));
      },
    });
    const stream = connection.toDuplex();
    stream.on('error', () => undefined);
    await pipeline(stream, refuse, stream).catch((error: unknown) => said.push(error));
  });
  const answer = await exchange(port, 'anything');
  expect(answer).toBe('ECONNRESET');
  await eventually('it is gone', () => server.connections === 0);
  expect(said).toEqual([expect.objectContaining({ message: 'refused' })]);
});

test('readline', async () => {
  const { server, port } = await serve(async (connection) => {
    const stream = connection.toDuplex();
    let number = 0;
    for await (const line of createInterface({ input: stream })) {
      stream.write(`${++number} ${line}\n`);
    }
    stream.end(`${number} lines\n`);
  });
  const long = 'x'.repeat(100_000);
  const answer = await exchange(port, `one\r\n\n${long}\nlast`);
  expect(answer.toString()).toBe(`1 one\n2 \n3 ${long}\n4 last\n4 lines\n`);
  await eventually('it is gone', () => server.connections === 0);
});
