// What Canvas and students hand over: its archive and file names, archives in it, hostile ones, and
// grades as Canvas imports them.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { FakeClass, zipOf, type ZipEntry } from './helpers/class.js';
import { removeFiles } from './helpers/files.js';
import { stopAll } from './helpers/run.js';

afterEach(async () => {
  await stopAll();
  removeFiles();
});

const YAML = ["server: './server {port}'", 'jobs: 2', 'reports: { json: class.json }'];

/** A class from Canvas's archive. */
function canvas(entries: readonly ZipEntry[], lines: readonly string[] = []): FakeClass {
  const all = new FakeClass();
  writeFileSync(join(all.folder, 'submissions.zip'), zipOf(entries));
  all.yaml(['canvas: submissions.zip', ...YAML, ...lines]);
  return all;
}

interface Entry {
  student: { name: string; canvasId: string | null; late: boolean };
  report: { points: number } | null;
  problem: string;
}

function entriesOf(all: FakeClass): Entry[] {
  const text = readFileSync(join(all.folder, 'class.json'), 'utf8');
  return (JSON.parse(text) as { entries: Entry[] }).entries;
}

test("Canvas's archive is read by its file names", async () => {
  const all = canvas([
    { name: 'lovelaceada_12345_900_plan-1', data: 'passed' },
    { name: 'lovelaceada_12345_901_Makefile', data: 'all:' },
    { name: 'hopper_grace_LATE_222_902_plan', data: 'It hung.' },
    // Two students of one name.
    { name: 'smithjo_31_903_plan', data: 'passed' },
    { name: 'smithjo_32_904_plan', data: 'passed' },
    // -1 and -2 were the student's own.
    { name: 'wing_44_905_plan-1', data: 'x' },
    { name: 'wing_44_906_plan-2', data: 'x' },
    { name: 'notes for the staff.txt', data: 'x' },
    { name: '__MACOSX/._x', data: 'x' },
  ]);
  const { code, stderr } = await all.run();
  expect(code).toBe(1);
  expect(stderr).toContain('notes for the staff.txt is not named as Canvas does; left out\n');
  expect(stderr).not.toContain('MACOSX');
  expect(entriesOf(all).map(({ student, report }) => [student, report?.points])).toEqual([
    [{ name: 'hopper_grace', canvasId: '222', late: true }, 0],
    [{ name: 'lovelaceada', canvasId: '12345', late: false }, 4],
    [{ name: 'smithjo-31', canvasId: '31', late: false }, 4],
    [{ name: 'smithjo-32', canvasId: '32', late: false }, 4],
    [{ name: 'wing', canvasId: '44', late: false }, 4],
  ]);
});

test('archives that students hand in are unpacked, and their one folder is lifted', async () => {
  const inner = zipOf([
    { name: 'lab1/', mode: 0o40755 },
    { name: 'lab1/plan', data: 'failed in a zip' },
    { name: '__MACOSX/lab1/._plan', data: 'x' },
  ]);
  const all = canvas([
    { name: 'ada_1_2_lab1.zip', data: inner },
    { name: 'bob_3_4_lab1.tar.gz', data: tarOf('failed in a tar') },
  ]);
  await all.run();
  const { results } = all;
  for (const [name, what] of [
    ['ada', 'in a zip'],
    ['bob', 'in a tar'],
  ] as const) {
    expect(readFileSync(join(results, `${name}.json`), 'utf8')).toContain(`failed ${what}`);
  }
});

function tarOf(plan: string): Buffer {
  const all = new FakeClass().add('lab1', plan);
  return execFileSync('tar', ['-czf', '-', '-C', join(all.folder, 'all'), 'lab1']);
}

function hostileTar(...args: string[]): Buffer {
  const { folder } = new FakeClass().add('x');
  symlinkSync('/etc', join(folder, 'all', 'link'));
  return execFileSync('tar', ['-czf', '-', '-C', join(folder, 'all'), ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

test.each<[string, string, () => Buffer, string | RegExp]>([
  ['leaves its folder', 'a.zip', () => zipOf([{ name: '../../evil', data: 'x' }]), '../../evil'],
  ['has an absolute name', 'a.zip', () => zipOf([{ name: '/tmp/evil', data: 'x' }]), '/tmp/evil'],
  ['leaves by backslashes', 'a.zip', () => zipOf([{ name: '..\\evil', data: 'x' }]), 'evil'],
  [
    'has a link',
    'a.zip',
    () => zipOf([{ name: 'plan', data: '/etc/passwd', mode: 0o120777 }]),
    'plan is a symbolic link, which is not taken',
  ],
  [
    'has a password',
    'a.zip',
    () => zipOf([{ name: 'plan', data: 'x'.repeat(13), claimed: 1, flags: 0x801 }]),
    'plan needs a password',
  ],
  [
    'says it is huge',
    'a.zip',
    () => zipOf([{ name: 'plan', data: 'x', claimed: 2 ** 31 }]),
    /size|more than is allowed/,
  ],
  ['holds a name twice', 'a.zip', () => zipOf([{ name: 'plan' }, { name: 'plan' }]), 'EEXIST'],
  [
    'has a control sequence for a name',
    'a.zip',
    () => zipOf([{ name: '../\x1b[2J', data: 'x' }]),
    '\\x1B[2J',
  ],
  ['is no zip', 'a.zip', () => Buffer.from('PK not at all'), 'a.zip: '],
  ['is empty', 'a.zip', () => Buffer.alloc(0), 'a.zip: '],
  [
    'leaves as a tar',
    'a.tgz',
    () => hostileTar('-P', '--transform', 's,^,../,', 'x'),
    'would leave the folder',
  ],
  [
    'has a link as a tar',
    'a.tar.gz',
    () => hostileTar('link'),
    'link is a symlink, which is not taken',
  ],
  ['is no gzip', 'a.tgz', () => Buffer.from('x'), 'a.tgz: '],
])('an archive that %s is refused, and graded by nobody', async (_, name, make, message) => {
  const all = canvas([{ name: `eve_1_2_${name}`, data: make() }, { name: 'ok_3_4_plan' }]);
  const { stderr } = await all.run();
  const [eve] = entriesOf(all);
  expect(eve?.report).toBeNull();
  if (typeof message === 'string') expect(stderr).toContain(message);
  else expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/\x1b/);
  expect(all.done()).toEqual(['ok']);
  expect(existsSync(join(all.folder, '..', 'evil'))).toBe(false);
  expect(existsSync('/tmp/evil')).toBe(false);
});

test('a zip bomb is refused before it fills the disk', async () => {
  const { folder } = new FakeClass();
  const python =
    'import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1],"w",zipfile.ZIP_DEFLATED)\nf=z.open("plan","w",force_zip64=True)\nfor _ in range(600): f.write(bytes(2**20))\nf.close()\nz.close()';
  const file = join(folder, 'bomb.zip');
  execFileSync('python3', ['-c', python, file]);
  const all = canvas([
    { name: 'eve_1_2_bomb.zip', data: readFileSync(file) },
    { name: 'ok_3_4_plan' },
  ]);
  const { stderr } = await all.run();
  expect(stderr).toContain('eve: bomb.zip: it unpacks to more than is allowed (at plan)');
  expect(all.done()).toEqual(['ok']);
});

test('links in a folder that was handed in are not followed', async () => {
  const all = new FakeClass(['reports: { json: class.json }']).add('ada');
  const folder = join(all.folder, 'all', 'bob');
  mkdirSync(folder);
  writeFileSync(join(all.folder, 'secret'), 'the secret');
  symlinkSync(join(all.folder, 'secret'), join(folder, 'plan'));
  await all.run();
  expect(all.done().sort()).toEqual(['ada', 'bob']);
  expect(readFileSync(join(all.folder, 'class.json'), 'utf8')).not.toContain('the secret');
});

describe('grades', () => {
  const handIns = [
    { name: 'lovelaceada_12345_1_plan', data: 'passed' },
    { name: '=cmd()_222_2_plan', data: 'It hung.' },
    { name: 'eve_333_3_a.zip', data: 'no zip' },
  ];
  const csv = (all: FakeClass) => {
    const text = readFileSync(join(all.folder, 'grades.csv'));
    return parse(text, { bom: true });
  };

  test('are written with the columns that Canvas wants', async () => {
    const all = canvas(handIns, ['grades: { file: grades.csv, assignment: Sockets (77) }']);
    await all.run();
    expect(csv(all)).toEqual([
      ['Student', 'ID', 'SIS Login ID', 'Section', 'Sockets (77)'],
      ['    Points Possible', '', '', '', '4'],
      // No spreadsheet takes it for a formula.
      ["'=cmd()", '222', '', '', '0'],
      ['eve', '333', '', '', ''],
      ['lovelaceada', '12345', '', '', '4'],
    ]);
  });

  test("go into the gradebook's own rows", async () => {
    const all = canvas(handIns, [
      'grades: { file: grades.csv, assignment: Sockets, gradebook: gradebook.csv }',
    ]);
    const gradebook = [
      'Student,ID,SIS User ID,SIS Login ID,Section,Quiz (1),Sockets (77),Final Score',
      '    Points Possible,,,,,10,20,(read only)',
      '"Lovelace, Ada",12345,u1,ada,"CS 340, 01",9,,50',
      '"Nobody, Else",99,u2,else,CS 340,8,17,60',
      '"Eve",333,u3,eve,CS 340,8,3,60',
    ];
    writeFileSync(join(all.folder, 'gradebook.csv'), `\ufeff${gradebook.join('\r\n')}\r\n`);
    const { stderr } = await all.run();
    expect(stderr).toContain('=cmd() is not in the gradebook; no grade was written\n');
    expect(csv(all)).toEqual([
      ['Student', 'ID', 'SIS User ID', 'SIS Login ID', 'Section', 'Sockets (77)'],
      ['    Points Possible', '', '', '', '', '4'],
      ['Lovelace, Ada', '12345', 'u1', 'ada', 'CS 340, 01', '4'],
      ['Nobody, Else', '99', 'u2', 'else', 'CS 340', '17'],
      ['Eve', '333', 'u3', 'eve', 'CS 340', ''],
    ]);
  });

  test('are refused for what is no gradebook', async () => {
    const all = canvas(handIns, [
      'grades: { file: grades.csv, assignment: Sockets, gradebook: gradebook.csv }',
    ]);
    writeFileSync(join(all.folder, 'gradebook.csv'), 'Name,Points\nx,1\n');
    const { code, stderr } = await all.run();
    expect(code).toBe(1);
    expect(stderr).toContain(
      'gradebook.csv: there is no column Student and ID; export it from Canvas',
    );
  });
});
