// npm run docs:site: the API from the docstrings and the pages of docs/, by typedoc, into site/. Each
// link within it has to lead somewhere. With --check it is made in a temporary folder.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { parseHTML } from 'linkedom';
import { bin, must, root, say } from './run.mjs';

const PAGES = [
  ...['from-c', 'options', 'errors', 'platforms', 'performance', 'security', 'dependencies'],
].map((name) => `docs/${name}.md`);

/** What typedoc needs where no typedoc.json says it. */
const FALLBACK = [
  ...['lib/index.ts', 'lib/sys.ts', 'lib/promises/index.ts'].flatMap((it) => ['--entryPoints', it]),
  ...['--tsconfig', 'tsconfig.json', '--name', 'sockkit', '--includeVersion'],
  ...['--readme', 'README.md', '--disableSources', '--excludePrivate', '--excludeExternals'],
];

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.html'))
    .map((name) => join(folder, name));
}

/** Complains of each link of a page to a file, or to a place in one, that is not there. */
function brokenLinks(folder) {
  const places = new Map();
  const links = [];
  for (const file of filesOf(folder)) {
    const { document } = parseHTML(readFileSync(file, 'utf8'));
    places.set(file, new Set([...document.querySelectorAll('[id]')].map(({ id }) => id)));
    for (const anchor of document.querySelectorAll('a[href]')) {
      links.push([file, anchor.getAttribute('href')]);
    }
  }
  return links.flatMap(([file, href]) => {
    if (/^[a-z]+:/.test(href)) return [];
    const [path, place = ''] = href.split('#').map(decodeURIComponent);
    const target = path === '' ? file : resolve(dirname(file), path);
    const there = existsSync(target) && (place === '' || (places.get(target)?.has(place) ?? true));
    return there ? [] : [`${relative(folder, file)}: ${href} leads nowhere`];
  });
}

async function make(out) {
  const settings = existsSync(join(root, 'typedoc.json')) ? [] : FALLBACK;
  await must('typedoc', process.execPath, [
    ...[bin('typedoc/bin/typedoc'), ...settings, '--out', out, '--logLevel', 'Warn'],
    ...PAGES.flatMap((page) => ['--projectDocuments', page]),
  ]);
  const broken = brokenLinks(out);
  for (const line of broken) process.stderr.write(`${line}\n`);
  if (broken.length > 0) process.exitCode = 1;
  else say(`${filesOf(out).length} pages, and every link leads somewhere`);
}

if (process.argv.includes('--check')) {
  const folder = mkdtempSync(join(tmpdir(), 'sockkit-site-'));
  try {
    await make(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
} else {
  await make(join(root, 'site'));
}
