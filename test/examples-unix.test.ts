import * as fs from 'node:fs';
import * as path from 'node:path';
import { constants as c, Socket } from 'sockkit';
import { example } from './helpers/example.js';
import { removeFiles, temporaryFolder } from './helpers/files.js';
import { testWhere } from './helpers/net.js';
import { run, stopAll } from './helpers/run.js';
import { closeSockets, isRoot, own } from './helpers/sockets.js';

const NOBODY = 65534;

afterEach(async () => {
  await stopAll();
  closeSockets();
  removeFiles();
});

test('pass-file: the taker reads a file that has no name any more', async () => {
  const folder = temporaryFolder();
  const [file, name] = [path.join(folder, 'secret'), path.join(folder, 'socket')];
  const bytes = Buffer.from([0, 255, 13, 10, 128]);
  fs.writeFileSync(file, bytes);
  const giver = example('pass-file.mjs', ['give', name, file]);
  await giver.stderrMatch(/waiting on/);
  fs.unlinkSync(file);
  const taken = await example('pass-file.mjs', ['take', name]).finished;
  expect(taken).toMatchObject({ code: 0, stderr: '' });
  expect(taken.stdout).toEqual(bytes);
  expect(await giver.finished).toMatchObject({ code: 0 });
  expect(fs.readdirSync(folder)).toEqual([]);
});

const CONNECT = `
  require('node:net').connect(process.argv[1]).pipe(process.stdout);
  process.stderr.write(String(process.pid));`;

test('who-is-there: process, user and group of the client', async () => {
  const folder = temporaryFolder();
  const name = path.join(folder, 'socket');
  const server = example('who-is-there.mjs', [name]);
  await server.stderrMatch(/waiting on/);
  const { code, stdout, stderr } = await run(process.execPath, ['-e', CONNECT, name]);
  expect(code).toBe(0);
  const who = `process ${stderr}, user ${process.getuid?.()}, group ${process.getgid?.()}`;
  expect(stdout.toString()).toBe(`You are ${who}.\n`);
  await server.until(who, () => server.stdout.toString() === `${who}\n`);
});

const asRoot = testWhere(isRoot, 'only root can be another user');

asRoot('who-is-there: a client of another user', async () => {
  const folder = temporaryFolder();
  const name = path.join(folder, 'socket');
  const server = example('who-is-there.mjs', [name]);
  await server.stderrMatch(/waiting on/);
  fs.chmodSync(folder, 0o755);
  fs.chmodSync(name, 0o777);
  const asNobody = `process.setgid(${NOBODY}); process.setuid(${NOBODY}); ${CONNECT}`;
  const { code, stdout } = await run(process.execPath, ['-e', asNobody, name]);
  expect(code).toBe(0);
  expect(stdout.toString()).toMatch(new RegExp(`, user ${NOBODY}, group ${NOBODY}\\.\n$`));
});

describe('notify', () => {
  test.each([
    ['a path', (folder: string) => path.join(folder, 'notify')],
    ['an abstract name', () => `@sockkit-notify-${process.pid}`],
  ])('tells the socket of %s that it is ready, and then is', async (_, nameIn) => {
    const name = nameIn(temporaryFolder());
    const systemd = own(new Socket(c.AF_UNIX, c.SOCK_DGRAM));
    systemd.bind({ path: name.replace(/^@/, '\0') });
    systemd.setOption('passCred', true);
    const service = example('notify.mjs', [], { env: { NOTIFY_SOCKET: name } });
    await service.until('it said its port', () => service.stdout.includes('\n'));

    const { data, control } = systemd.recvMsg(1024, { flags: c.MSG_DONTWAIT });
    const [, port = ''] = /^STATUS=listening on port (\d+)$/m.exec(data.toString()) ?? [];
    expect(data.toString().split('\n')).toEqual([
      'READY=1',
      `STATUS=listening on port ${port}`,
      `MAINPID=${service.pid}`,
    ]);
    expect(control).toEqual([expect.objectContaining({ type: 'credentials', pid: service.pid })]);

    const client = own(new Socket(c.AF_INET, c.SOCK_STREAM));
    client.connect({ address: '127.0.0.1', port: Number(port) });
    expect(client.recvExact(14).toString()).toBe('That was all.\n');
    expect(systemd.recv(1024, c.MSG_DONTWAIT).toString()).toBe('STOPPING=1');
    expect(await service.finished).toMatchObject({ code: 0, stderr: '' });
  });

  test('without $NOTIFY_SOCKET it only serves', async () => {
    const service = example('notify.mjs', [], { env: { NOTIFY_SOCKET: '' } });
    await service.until('it said so', () => service.stdout.includes('systemd does not ask\n'));
    expect(service.ended).toBe(false);
  });
});
