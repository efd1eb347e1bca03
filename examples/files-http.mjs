// Serves the files of a folder over HTTP/1.1, the protocol written out: request lines, headers,
// connections that stay for the next request.
//
//   node examples/files-http.mjs docs 8080
//   curl http://127.0.0.1:8080/design.md        or a browser
import { open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { createServer } from 'sockkit';

const [, , folder = '.', wanted = '8080'] = process.argv;
const root = await realpath(folder);
const TYPES = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript' };

async function openFile(target) {
  const file = await realpath(path.join(root, decodeURIComponent(target.split('?', 1)[0])));
  if (!file.startsWith(root + path.sep)) throw new Error('outside of the folder');
  const handle = await open(file);
  const status = await handle.stat();
  if (status.isFile()) return { handle, size: status.size, type: TYPES[path.extname(file)] };
  await handle.close();
  throw new Error('not a file');
}

const server = createServer({ idleTimeoutMs: 10_000 }, async (connection) => {
  for (let line; (line = await connection.readLine({ maxBytes: 8192 })) !== null;) {
    const [method, target, version] = line.split(' ');
    let keep = version === 'HTTP/1.1';
    for (let count = 0; (line = await connection.readLine({ maxBytes: 8192 })); count++) {
      if (/^connection: *close/i.test(line) || count === 100) keep = false;
    }
    const close = keep ? '' : 'Connection: close\r\n';
    const file = await openFile(target ?? '').catch(() => null);
    if (file === null || !['GET', 'HEAD'].includes(method)) {
      await file?.handle.close();
      const status = file === null ? '404 Not Found' : '405 Method Not Allowed';
      await connection.sendAll(`HTTP/1.1 ${status}\r\n${close}Content-Length: 0\r\n\r\n`);
    } else {
      const type = `Content-Type: ${file.type ?? 'text/plain'}; charset=utf-8\r\n`;
      const head = `HTTP/1.1 200 OK\r\n${close}${type}Content-Length: ${file.size}\r\n\r\n`;
      await connection.sendAll(head);
      if (method === 'GET' && file.size > 0) {
        const parts = file.handle.createReadStream({ end: file.size - 1, autoClose: false });
        for await (const part of parts) await connection.sendAll(part);
      }
      await file.handle.close();
    }
    if (!keep) return;
  }
});
server.on('connectionError', (error) => console.error(error.message));

const { port } = await server.listen({ port: Number(wanted) });
console.log(`http on port ${port}`);
process.once('SIGINT', () => server.close({ force: true }));
