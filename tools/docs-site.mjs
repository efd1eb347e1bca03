// npm run docs:site: the API from the docstrings and the pages of docs/, by typedoc as
// typedoc.json has it, into site/. Each link within it has to lead somewhere. With --check it is made in a temporary folder.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { parseHTML } from 'linkedom';
import { bin, must, root, say } from './run.mjs';

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
  await must('typedoc', process.execPath, [
    ...[bin('typedoc/bin/typedoc'), '--out', out, '--logLevel', 'Warn'],
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
