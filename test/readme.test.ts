import * as fs from 'node:fs';
import * as path from 'node:path';
import { run, start, stopAll } from './helpers/run.js';
import { closeStreamServers, exchange } from './helpers/stream-servers.js';

const ROOT = path.resolve(__dirname, '..');

afterEach(async () => {
  await stopAll();
  await closeStreamServers();
});

test('the programs in the README do what it says', async () => {
  const text = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  const [client = '', server = '', handlers = ''] = [...text.matchAll(/```js\n(.*?)```/gs)].map(
    ([, code = '']) => code,
  );
  const serving = start(
    process.execPath,
    ['--input-type=module', '--eval', server.replace('5000', '0')],
    { cwd: ROOT },
  );
  const [, port = ''] = await serving.stderrMatch(/port: (\d+)/);
  const sent = await run(process.execPath, ['--eval', client.replace('5000', port)], { cwd: ROOT });
  expect(sent).toMatchObject({ code: 0, stderr: '' });
  expect(sent.stdout.toString()).toBe('11\n');
  await serving.stderrMatch(/^127\.0\.0\.1 11 complete$/m);
  const { code, stdout } = await serving.kill();
  expect(stdout.toString()).toBe('Go Tigers!\n');
  expect(code).toBe(0);

  const handling = start(
    process.execPath,
    ['--input-type=module', '--eval', handlers.replace('5000', '0')],
    { cwd: ROOT },
  );
  const [, upper = ''] = await handling.stderrMatch(/port: (\d+)/);
  expect((await exchange(Number(upper), 'go\ntigers')).toString()).toBe('GO\nTIGERS\n');
  expect((await handling.kill()).code).toBe(0);
});

const errors = fs.readFileSync(path.join(ROOT, 'docs/errors.md'), 'utf8');
const snippets = [...errors.matchAll(/```js\n(.*?)```/gs)].map(([, code = '']) => code);

test.each(snippets)(
  'a program in docs/errors.md prints what its comments say: %#',
  async (code) => {
    const said = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(
      ([, text = '']) => text,
    );
    expect(said.length).toBeGreaterThan(0);
    const { stdout, stderr } = await run(process.execPath, ['--eval', code], { cwd: ROOT });
    expect(stderr).toBe('');
    expect(stdout.toString()).toBe(said.map((line) => `${line}\n`).join(''));
  },
);

test('the scripts and files that the documents name are there', () => {
  const { scripts } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const documents = [
    'design',
    'dependencies',
    'errors',
    'performance',
    'platforms',
    'security',
    'sockcheck',
  ];
  for (const file of ['README.md', 'CONTRIBUTING.md', ...documents.map((it) => `docs/${it}.md`)]) {
    const text = fs.readFileSync(path.join(ROOT, file), 'utf8');
    for (const [, name = ''] of text.matchAll(/npm run ([\w:]+)/g)) {
      expect([file, Object.keys(scripts)]).toEqual([file, expect.arrayContaining([name])]);
    }
    for (const [, target = ''] of text.matchAll(/\]\(([^):]+)\)/g)) {
      expect([file, target, fs.existsSync(path.join(ROOT, path.dirname(file), target))]).toEqual([
        file,
        target,
        true,
      ]);
    }
  }
});
