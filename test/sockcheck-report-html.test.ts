// The HTML report in a browser: from a file, light and dark, on a phone, with hostile content.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { browserTest, closeBrowser, openFile } from './helpers/browser.js';
import type { ClassResult } from './helpers/check-inside.js';
import {
  HOSTILE,
  sampleCase,
  sampleDifference,
  sampleMeasurements,
  sampleReport,
  sampleResults,
  type Report,
} from './helpers/check-samples.js';
import { removeFiles, temporaryFolder } from './helpers/files.js';

const folder = temporaryFolder();
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

const hostile = sampleReport(HOSTILE, [
  sampleCase(HOSTILE, 'failed', {
    title: HOSTILE,
    specification: HOSTILE,
    partner: HOSTILE,
    explanation: HOSTILE.repeat(3) + 'x'.repeat(3000),
    evidence: [
      { kind: 'excerpt', title: 'y'.repeat(500), text: HOSTILE },
      sampleDifference(Buffer.from(`a${HOSTILE}`), Buffer.from(`b${HOSTILE}`)),
    ],
  }),
]);
hostile.measurements = sampleMeasurements().map((m) => ({ ...m, name: HOSTILE, unit: HOSTILE }));
hostile.notices = [HOSTILE];
hostile.server = { command: HOSTILE, buildFailure: HOSTILE };

function classOf(reports: Report[]): ClassResult {
  const entries = reports.map((report, index) => ({
    student: { name: report.name, canvasId: String(index), late: index === 2 },
    report,
    problem: '',
  }));
  const none = { name: HOSTILE.slice(0, 40), canvasId: null, late: false };
  return {
    title: 'CS 340: sockets <b>',
    entries: [...entries, { student: none, report: null, problem: HOSTILE }],
  };
}

function render(name: string, input: { report: Report } | { result: ClassResult }): string {
  const file = join(folder, name);
  const script = join(__dirname, 'helpers/render-report.cjs');
  const { status, stderr } = spawnSync(process.execPath, [script], {
    input: JSON.stringify({ ...input, targets: [{ kind: 'html', file }] }),
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return file;
}

const students = Array.from({ length: 12 }, (_, index) =>
  sampleReport(`student-${index}`, sampleResults(index), {
    measurements: sampleMeasurements(0.5 + index / 10),
  }),
);
const FILES = {
  submission: () =>
    render('submission.html', {
      report: sampleReport('ada', sampleResults(2), { measurements: sampleMeasurements() }),
    }),
  hostile: () => render('hostile.html', { report: hostile }),
  class: () => render('class.html', { result: classOf(students) }),
  'hostile class': () => render('hostile-class.html', { result: classOf([hostile, hostile]) }),
  'empty submission': () => render('empty.html', { report: sampleReport('nobody', []) }),
  'empty class': () => render('empty-class.html', { result: { title: '', entries: [] } }),
};
const files = new Map<string, string>();
const fileOf = (name: string) => files.get(name) ?? '';

beforeAll(() => {
  for (const [name, make] of Object.entries(FILES)) files.set(name, make());
}, 120_000);

afterAll(async () => {
  await closeBrowser();
  removeFiles();
});

/** The least contrast of any visible text with what is behind it. */
async function leastContrast(page: Page): Promise<number> {
  return page.evaluate(() => {
    const channels = (text: string) => (/[\d.]+/g[Symbol.match](text) ?? []).map(Number);
    const light = ([r = 0, g = 0, b = 0]: number[]) => {
      const [x = 0, y = 0, z = 0] = [r, g, b].map((c) =>
        c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    let least = 21;
    for (const element of document.querySelectorAll('body *:not(svg *, script)')) {
      const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.nodeValue?.trim());
      if (!own || element.getClientRects().length === 0) continue;
      let behind: Element | null = element;
      const fill = (e: Element) => channels(getComputedStyle(e).backgroundColor);
      while (behind !== null && fill(behind)[3] === 0) behind = behind.parentElement;
      const a = light(channels(getComputedStyle(element).color));
      const b = light(behind === null ? [255, 255, 255] : fill(behind));
      least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
    }
    return least;
  });
}

const LOOKS = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['on a phone', PHONE],
] as const;

describe.each(Object.keys(FILES))('%s', (name) => {
  browserTest.each(LOOKS)('is readable: %s', async (look, options) => {
    const { page, complaints } = await openFile(fileOf(name), options);
    const [width, shown] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    // Text that nobody has to scroll sideways for.
    expect(width).toBe(shown);
    // What WCAG asks for (AA).
    expect(await leastContrast(page)).toBeGreaterThanOrEqual(4.5);
    const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(dark === 'rgb(16, 20, 26)').toBe(look === 'dark');
    expect(complaints).toEqual([]);
  });

  test('is one file that loads nothing', () => {
    const html = readFileSync(fileOf(name), 'utf8');
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/(?:src|href)="(?!#|data:,)|url\(|@import/);
  });
});

browserTest('what a submission wrote is text, and runs nowhere', async () => {
  for (const name of ['hostile', 'hostile class']) {
    const { page, complaints } = await openFile(fileOf(name));
    expect(await page.title()).toContain('sockcheck');
    const found = await page.evaluate(() => [
      document.querySelectorAll('img, iframe, [onerror]').length,
      document.querySelectorAll('script').length,
      document.body.textContent.includes('document.title = "owned"'),
    ]);
    expect(found).toEqual([0, name === 'hostile' ? 0 : 1, true]);
    expect(complaints).toEqual([]);
  }
});

test('what is to be known of the grading is said', () => {
  for (const name of ['hostile', 'hostile class']) {
    expect(readFileSync(fileOf(name), 'utf8')).toMatch(/<ul class="notices"[^>]*><li>Note: /);
  }
  expect(readFileSync(fileOf('submission'), 'utf8')).not.toContain('class="notices"');
});

browserTest('each mark of the matrix leads to its case', async () => {
  const { page } = await openFile(fileOf('submission'));
  const marks = page.locator('table.matrix a.verdict');
  expect(await marks.count()).toBe(20);
  const targets = await marks.evaluateAll((links) =>
    links.map((link) => document.querySelector(link.getAttribute('href') ?? '')?.tagName),
  );
  expect(new Set(targets)).toEqual(new Set(['DETAILS']));
  expect(await page.locator('details[open] .why.is-failed').count()).toBeGreaterThan(0);
});

browserTest('differences are marked, as text and as hex', async () => {
  const { page } = await openFile(fileOf('submission'));
  const evidence = page.locator('details[open]:has(ins)').first();
  expect(await evidence.locator('ins').allTextContents()).toEqual(['mla']);
  expect(await evidence.locator('.due mark').allTextContents()).toEqual(['6d 6c 61', 'mla']);
  expect(await evidence.locator('.was mark').count()).toBe(0);
});

browserTest('a class can be sorted and searched', async () => {
  const { page, complaints } = await openFile(fileOf('class'));
  const names = () => page.locator('table.class tbody tr:visible th').allTextContents();
  await page.getByRole('button', { name: 'Points' }).click();
  const points = await page.locator('table.class tbody td.number').allTextContents();
  const numbers = points.map((text) => (text === '\u2013' ? -1 : Number(text)));
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  await page.getByRole('searchbox').fill('student-1');
  expect((await names()).sort()).toEqual(['student-1', 'student-10', 'student-11']);
  await page.getByRole('searchbox').fill('');
  await page.getByRole('checkbox').check();
  expect(await names()).not.toContain('student-0');
  await page.getByRole('link', { name: 'student-1', exact: true }).click();
  await page.locator('details#submission-2[open]').waitFor();
  expect(complaints).toEqual([]);
});

browserTest('a class is all there without JavaScript', async () => {
  const { page, complaints } = await openFile(fileOf('class'), { javaScriptEnabled: false });
  expect(await page.locator('table.class tbody tr').count()).toBe(13);
  expect(await page.locator('.find').isVisible()).toBe(false);
  expect(await page.locator('figure svg[role=img][aria-label]').count()).toBe(6);
  await page.locator('#submission-2 > summary').click();
  expect(await page.locator('#submission-2 .verdict').first().isVisible()).toBe(true);
  expect(complaints).toEqual([]);
});
