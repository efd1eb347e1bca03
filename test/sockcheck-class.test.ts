// A class: how many at a time, progress, interrupt and resume, what is graded again, shards.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakeClass } from './helpers/class.js';
import { removeFiles } from './helpers/files.js';
import { commandFile, stopAll } from './helpers/run.js';

afterEach(async () => {
  await stopAll();
  removeFiles();
});

const NAMES = Array.from({ length: 60 }, (_, index) => `student-${String(index).padStart(2, '0')}`);

function merge(...args: string[]) {
  const command = [commandFile('sockcheck'), 'merge', ...args];
  return spawnSync(process.execPath, command, { encoding: 'utf8' });
}

test('a class of 60 is graded, two at a time, and says how far it is', async () => {
  const all = new FakeClass(['reports: { html: class.html, json: class.json }']);
  NAMES.forEach((name, index) =>
    all.add(name, index % 10 === 3 ? 'It printed nothing.' : 'passed'),
  );
  const { code, stdout, stderr } = await all.run();
  expect(code).toBe(1);
  expect(stderr).toContain('sockcheck: 60 submissions\n');
  expect(stderr).toMatch(/sockcheck: 60 of 60: student-\d\d: (1|0) passed/);
  expect(stderr.split('\n')).toHaveLength(62);
  expect(stdout.toString()).toMatch(/student-03 +0\/4 +0 +1/);
  expect(stdout.toString()).toContain('60 of 60 graded, 54 passed everything\n');
  let running = 0;
  let most = 0;
  for (const { what } of all.events()) {
    running += what === 'begin' ? 1 : -1;
    most = Math.max(most, running);
  }
  expect(most).toBeLessThanOrEqual(2);
  expect(all.done().sort()).toEqual(NAMES);
  expect(readFileSync(join(all.folder, 'class.html'), 'utf8')).toContain('It printed nothing.');
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends it in good order, and it goes on',
  async (by) => {
    const all = new FakeClass(['reports: { json: class.json }']);
    for (const name of NAMES.slice(0, 4)) all.add(name);
    for (const name of NAMES.slice(4, 10)) all.add(name, 'hold');
    const first = all.start();
    const held = () => all.events().filter(({ what }) => what === 'begin').length === 6;
    await first.until('four are done', () => first.stderr.includes('4 of 10'));
    while (!held()) await new Promise((resolve) => setTimeout(resolve, 5));
    first.child.kill(by);
    const { signal, stderr } = await first.finished;
    expect(signal).toBe(by);
    expect(stderr).toContain(`sockcheck: ${by}: ending what runs; once more ends at once\n`);
    expect(stderr).toContain('sockcheck: 4 of 10 are graded; the same command goes on\n');
    const stopped = all.events().filter(({ what }) => what === 'stopped');
    expect(stopped.map(({ name }) => name).sort()).toEqual(NAMES.slice(4, 6));
    for (const { pid } of all.events()) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(readdirSync(all.results).sort()).toEqual([
      'class.json',
      ...NAMES.slice(0, 4).map((name) => `${name}.json`),
    ]);

    writeFileSync(all.gate, '');
    all.forget();
    const second = await all.run();
    expect(second.code).toBe(0);
    expect(second.stderr).toContain('10 submissions, 4 of them graded already and unchanged\n');
    expect(all.done().sort()).toEqual(NAMES.slice(4, 10));
  },
);

test('a worker ends with the one that started it', async () => {
  const all = new FakeClass().add('ada', 'hold');
  const running = all.start();
  while (all.events().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  running.child.kill('SIGKILL');
  await running.finished;
  while (all.events().length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(all.events()[1]).toMatchObject({ what: 'stopped', name: 'ada' });
});

test('only what has changed is graded again', async () => {
  const all = new FakeClass().add('ada').add('bob').add('cleo');
  expect((await all.run()).code).toBe(0);
  const again = async (options = {}) => {
    all.forget();
    await all.run(options);
    return all.done().sort();
  };
  expect(await again()).toEqual([]);
  all.add('bob', 'It hung.');
  expect(await again()).toEqual(['bob']);
  writeFileSync(join(all.results, 'cleo.json'), '{"format": 1, "ke');
  expect(await again()).toEqual(['cleo']);
  all.add('dora');
  expect(await again()).toEqual(['dora']);
  expect(await again({ again: true })).toEqual(['ada', 'bob', 'cleo', 'dora']);
  const yaml = readFileSync(all.file, 'utf8');
  writeFileSync(all.file, `${yaml}limits: { time: 5m }\n`);
  expect(await again()).toHaveLength(4);
  // Points are no matter of grading.
  writeFileSync(all.file, `${yaml}limits: { time: 5m }\nrubric: { total: 10 }\n`);
  expect(await again()).toEqual([]);
});

test('the grading of one that fails is told, and the others go on', async () => {
  const all = new FakeClass();
  all.add('ada').add('bob', 'crash').add('cleo', 'refuse');
  const { code, stderr, stdout } = await all.run();
  expect(code).toBe(1);
  expect(stderr).toContain('bob: the grader ended (status 3): the fake \\x1B[31mcrashed\n');
  expect(stderr).toContain('cleo: there is no program\n');
  expect(stdout.toString()).toContain(
    '1 of 3 graded, 1 passed everything, 2 could not be graded\n',
  );
  // A crash may have been this machine's fault; the other would end as before.
  all.forget();
  await all.run();
  expect(all.events().map(({ name }) => name)).toEqual(['bob']);
});

test('a submission that takes too long is ended', async () => {
  const all = new FakeClass(['limits: { total: 300ms }']).add('ada', 'hold');
  const { code, stderr } = await all.run();
  expect(code).toBe(1);
  expect(stderr).toContain(
    'ada: it took more than 0.3 s in all, which is the limit (limits.total)\n',
  );
});

test('shards are the same parts everywhere, and merge into the whole', async () => {
  const all = new FakeClass(['reports: { json: class.json }']);
  for (const name of NAMES.slice(0, 11)) all.add(name, name.endsWith('7') ? 'It hung.' : 'passed');
  const parts: string[][] = [];
  for (const shard of [1, 2, 3]) {
    all.forget();
    const results = join(all.folder, `results-${shard}`);
    const { stderr } = await all.run({ shard: `${shard}/3`, results });
    expect(stderr).not.toContain('class.json');
    parts.push(all.done().sort());
  }
  expect(parts.map((part) => part.length)).toEqual([4, 4, 3]);
  expect(parts.flat().sort()).toEqual(NAMES.slice(0, 11));

  const folders = [1, 2, 3].map((shard) => join(all.folder, `results-${shard}`));
  const merged = merge(all.file, ...folders);
  expect(merged).toMatchObject({ status: 1, stderr: '' });
  expect(merged.stdout).toContain('11 of 11 graded, 10 passed everything\n');
  const names = (file: string) =>
    (
      JSON.parse(readFileSync(file, 'utf8')) as { entries: { student: object; report: object }[] }
    ).entries.map(({ student, report }) => [student, Object.keys(report)]);
  const together = names(join(all.folder, 'class.json'));
  await all.run();
  expect(names(join(all.folder, 'class.json'))).toEqual(together);

  // Without class.yaml, and with a part that is missing.
  const two = merge(...folders.slice(0, 2), '--report', `junit=${join(all.folder, 'x.xml')}`);
  expect(two.stdout).toContain('8 of 11 graded, 7 passed everything, 3 still to grade\n');
  expect(readFileSync(join(all.folder, 'x.xml'), 'utf8')).toContain('<testsuite name="student-00"');
});

test('of two results of one submission the later counts', async () => {
  const all = new FakeClass().add('ada', 'It hung.');
  await all.run({ results: join(all.folder, 'one') });
  all.add('ada');
  await all.run({ results: join(all.folder, 'two') });
  for (const order of [
    ['one', 'two'],
    ['two', 'one'],
  ]) {
    const { status } = merge(...order.map((name) => join(all.folder, name)));
    expect(status).toBe(0);
  }
});

test('GNU parallel spreads a class over its workers', () => {
  if (spawnSync('parallel', ['--version']).status !== 0) {
    console.warn('skipped: there is no GNU parallel (Debian: parallel)');
    return;
  }
  const all = new FakeClass();
  for (const name of NAMES.slice(0, 8)) all.add(name);
  const driver = join(__dirname, 'helpers/class-driver.cjs');
  const command = `'${process.execPath}' '${driver}' '${all.file}' '{"shard":"{}/4"}'`;
  const args = ['--will-cite', '--line-buffer', '-j', '2', command, ':::', '1', '2', '3', '4'];
  const env = { ...process.env, FAKE_LOG: all.log, PARALLEL_HOME: all.folder };
  const { status, stderr } = spawnSync('parallel', args, { env, encoding: 'utf8' });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(all.done().sort()).toEqual(NAMES.slice(0, 8));
  const merged = merge(all.file);
  expect(merged).toMatchObject({ status: 0, stderr: '' });
  expect(merged.stdout).toContain('8 of 8 graded, 8 passed everything\n');
});

test.each([
  [['server: x {port}'], "give 'submissions' (folders or archives) or 'canvas'"],
  [['submissions: all/*', 'canvas: x.zip'], "give 'submissions' (folders or archives) or 'canvas'"],
  [['submissions: all/*'], "there is nothing to run: give 'server', 'client', or both"],
  [
    ['submissions: all/*', 'server: ./server'],
    'class.yaml:2: server: there is no {port} in: ./server',
  ],
  [['submissions: all/*', '', 'sever: x'], "class.yaml:3: 'sever' is not known here"],
  [['submissions: none/*', 'server: x {port}'], 'there are no submissions: nothing matches'],
  [
    ['submissions:', '  - name: ada', '    directory: 3', 'server: x {port}'],
    'class.yaml:3: submissions.0.directory: expected string, received number',
  ],
  [
    ['submissions: all/*', 'server: x {port}', 'limits:', '  memory: lots'],
    "class.yaml:4: limits.memory: 'lots' is not a size; write 65536, 64k, 512M or 2G",
  ],
  [
    ['submissions: all/*', 'server: x {port}', 'only: [server-shrot]'],
    "class.yaml:3: only: no case is named 'server-shrot'; see sockcheck --list",
  ],
  [
    ['submissions: all/*', 'server: x {port}', 'rubric:', '  cases:', '    bild: 3'],
    "class.yaml:5: no case is called 'bild'; see sockcheck --list",
  ],
  [
    ['submissions: all/*', 'programs:', '  - { when: a.c, server: "./a {port" }'],
    'class.yaml:3: programs.0.server: there is no {port} in: ./a {port',
  ],
  [['submissions: [a', 'x'], 'class.yaml:2: '],
  [['- a'], 'class.yaml:1: expected object, received array'],
])('class.yaml with a mistake: %j', async (lines, message) => {
  const all = new FakeClass();
  all.yaml(lines);
  const { code, stderr } = await all.run();
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/^sockcheck: /);
  expect(code).toBe(1);
});

test('command lines with a mistake are refused', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [commandFile('sockcheck'), ...args], { encoding: 'utf8' });
  const all = new FakeClass();
  for (const [args, message] of [
    [['class.yaml', '--shard', '9/8'], "--shard '9/8': write I/N, as 2/8 for the second of eight"],
    [['class.yaml', '--server', 'x'], "--server belongs in class.yaml, as 'server:'"],
    [['--server', 'x {port}', '--shard', '1/2'], '--shard is for a class: give a class.yaml'],
    [['--server', 'x {port}', '--report', 'pdf=x'], "--report 'pdf=x': write KIND=FILE"],
    [['merge', 'nowhere'], "'nowhere' is no folder"],
    [['merge'], 'CLASS.YAML | DIR is missing'],
  ] as const) {
    expect(run(...args)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(message) as string,
    });
  }
  expect(run('nowhere.yaml')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('there is no such file') as string,
  });
  rmSync(all.results, { recursive: true, force: true });
  expect(run('merge', all.folder)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('holds no results') as string,
  });
});
