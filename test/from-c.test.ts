// docs/from-c.md does what it says, and names only what there is.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as sockkit from 'sockkit';
import * as sys from 'sockkit/sys';
import { removeFiles, temporaryFolder } from './helpers/files.js';
import { closePeers, collector } from './helpers/peers.js';
import { available, run, stopAll } from './helpers/run.js';

const ROOT = path.resolve(__dirname, '..');
const text = fs.readFileSync(path.join(ROOT, 'docs/from-c.md'), 'utf8');

afterEach(async () => {
  await stopAll();
  closePeers();
  removeFiles();
});

interface Block {
  language: string;
  code: string;
  /** Of the section that it is in. */
  title: string;
}

const blocks: Block[] = text.split(/^##+ /m).flatMap((section) => {
  const title = section.split('\n', 1)[0] ?? '';
  return [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(
    ([, language = '', code = '']): Block => ({ language, code, title }),
  );
});

const runJs = (code: string) =>
  run(process.execPath, ['--input-type=module', '--eval', code], { cwd: ROOT });

const clients = blocks.filter(({ code }) => code.includes('5000'));
const programs = blocks.filter(({ language, code }) => language === 'js' && !code.includes('5000'));

describe('the client', () => {
  test('is there in each language', () => {
    expect(clients.map(({ language }) => language)).toEqual(['c', 'python', 'js', 'js', 'js']);
  });

  async function sends(runClient: (port: number) => ReturnType<typeof run>): Promise<void> {
    const { port, messages } = await collector();
    const { code, stdout, stderr } = await runClient(port);
    expect([code, stderr, stdout.toString()]).toEqual([0, '', '11\n']);
    expect((await messages[0])?.toString()).toBe('Go Tigers!\n');
  }

  const onPort = (code: string, port: number) => code.replace('5000', String(port));

  const inJs = clients.filter(({ language }) => language === 'js');
  test.each(inJs.map(({ code }) => [code.split('\n', 1)[0] ?? '', code]))('%s', (_, code) =>
    sends((port) => runJs(onPort(code, port))),
  );

  const cc = available('cc') ? test : test.skip;
  cc('in C, without a warning', () => {
    const code = clients.find(({ language }) => language === 'c')?.code ?? '';
    const program = path.join(temporaryFolder(), 'client');
    return sends((port) => {
      const options = ['-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror'];
      const { stderr } = spawnSync('cc', [...options, '-x', 'c', '-o', program, '-'], {
        input: onPort(code, port),
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      return run(program, []);
    });
  });

  const python = available('python3') ? test : test.skip;
  python('in Python', () => {
    const code = clients.find(({ language }) => language === 'python')?.code ?? '';
    return sends((port) => run('python3', ['-c', onPort(code, port)]));
  });
});

test('most sections have a program', () => {
  expect(programs.length).toBeGreaterThanOrEqual(6);
});

test.each(programs.map(({ title, code }) => [title, code]))('%s', async (_, program) => {
  const expected = blocks[blocks.findIndex(({ code }) => code === program) + 1];
  const { code, stdout, stderr } = await runJs(program);
  expect([code, stderr, stdout.toString()]).toEqual([0, '', expected?.code]);
  expect(expected?.language).toBe('text');
});

describe('what the tables name', () => {
  /** The cells of all columns with this heading. */
  function column(heading: string): string {
    const cells: string[] = [];
    let index = -1;
    for (const line of text.split('\n')) {
      const row = line.split('|').map((cell) => cell.trim());
      if (row.length < 3) index = -1;
      else if (index < 0) index = row.indexOf(heading);
      if (index >= 0) cells.push(row[index] ?? '');
    }
    expect(cells.length).toBeGreaterThan(10);
    return cells.join('\n');
  }
  const namesIn = (cells: string, pattern: RegExp) => [
    ...new Set([...cells.matchAll(pattern)].map(([, name = '']) => name)),
  ];

  test('functions of sockkit/sys', () => {
    const names = namesIn(column('`sockkit/sys`'), /\bsys\.(\w+)/g);
    expect(names.length).toBeGreaterThan(20);
    expect(Object.keys(sys)).toEqual(expect.arrayContaining(names));
  });

  test('every function of sockkit/sys is in some table or text', () => {
    const names = Object.keys(sys).filter(
      (name) => !/^try|^constants$|^if_indextoname$/.test(name),
    );
    expect(namesIn(text, /\bsys\.(\w+)/g)).toEqual(expect.arrayContaining(names));
  });

  test('methods and properties of Socket', () => {
    const cells = column('`Socket`');
    const socket = new sockkit.Socket(sys.constants.AF_INET, sys.constants.SOCK_STREAM);
    const names = namesIn(cells, /\b(?:socket|listener)\.(\w+)/g);
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !(name in socket))).toEqual([]);
    expect(namesIn(cells, /\bSocket\.(\w+)/g).sort()).toEqual(['fromFd', 'pair']);
    socket.close();
  });

  test('options and constants', () => {
    const options = namesIn(column('`Socket`'), /Option\('(\w+)'/g);
    expect(options.length).toBeGreaterThan(4);
    expect(Object.keys(sockkit.options)).toEqual(expect.arrayContaining(options));
    const constants = namesIn(
      text,
      /\b((?:AF|IP|IPPROTO|MSG|SHUT|SO|SOCK|SOL|TCP)_\w+|POLL[A-Z]+)/g,
    );
    expect(constants.length).toBeGreaterThan(15);
    expect(Object.keys(sockkit.constants)).toEqual(expect.arrayContaining(constants));
  });

  const python = available('python3') ? test : test.skip;
  python('methods of Python', () => {
    const cells = column('Python');
    const program = `
import socket, sys
print([n for n in sys.argv[1].split(',') if not hasattr(socket.socket, n)],
      [n for n in sys.argv[2].split(',') if not hasattr(socket, n)])`;
    const methods = namesIn(cells, /\bs\.(\w+)/g);
    const functions = namesIn(cells, /\bsocket\.(\w+)/g);
    expect([methods.length > 15, functions.length > 4]).toEqual([true, true]);
    const { stdout } = spawnSync('python3', ['-c', program, methods.join(), functions.join()], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('[] []\n');
  });
});

test('the examples that the documents name are there, and every example is tested', () => {
  const folder = fs.readdirSync(path.join(ROOT, 'examples'));
  const examples = folder.filter((name) => name.endsWith('.mjs'));
  for (const file of ['README.md', 'docs/from-c.md']) {
    const document = fs.readFileSync(path.join(ROOT, file), 'utf8');
    const named = [...document.matchAll(/examples\/([\w.-]+\.mjs)/g)].map(([, name = '']) => name);
    expect([file, examples]).toEqual([file, expect.arrayContaining(named)]);
  }
  const tests = fs
    .readdirSync(__dirname)
    .filter((name) => name.startsWith('examples-'))
    .map((name) => fs.readFileSync(path.join(__dirname, name), 'utf8'))
    .join('\n');
  const list = fs.readFileSync(path.join(ROOT, 'examples/README.md'), 'utf8');
  for (const name of examples) {
    const has = [tests.includes(`'${name}'`), list.includes(`\`${name}\``)];
    expect([name, ...has]).toEqual([name, true, true]);
  }
});
