// Debian's Chromium, headless. Where there is none, its tests are skipped.
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const FILES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const browserFile = FILES.find((file) => existsSync(file)) ?? null;

if (browserFile === null) console.warn('skipped: there is no chromium (Debian: chromium)');

/** For test(): `browserTest('...', ...)` runs only where there is a browser. */
export const browserTest = browserFile === null ? test.skip : test;

let browser: Browser | null = null;

export interface Opened {
  page: Page;
  /** Whatever the console, the page or its requests complained about. */
  complaints: string[];
}

/** Opens a file as a user would. Requests to anywhere else are complaints. */
export async function openFile(file: string, options: BrowserContextOptions = {}): Promise<Opened> {
  browser ??= await chromium.launch({
    executablePath: browserFile ?? '',
    args: ['--no-sandbox', '--disable-background-networking', '--disable-dev-shm-usage'],
  });
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!/^(file|data):/.test(request.url())) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(`file://${file}`);
  return { page, complaints };
}

export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = null;
}
