/** The pages of `web/`, built into a folder that goes away, served, and opened in Chromium. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { linesOf } from '../browser/chromium.ts';
import { serveFolder } from '../browser/static-server.ts';
import { repositoryRoot } from '../shared.ts';

/** Milliseconds: a software adapter compiles for long, and the machine may be busy. */
export const PATIENCE = 300_000;

export interface Pages {
  readonly url: string;
  close(): Promise<void>;
}

export async function buildAndServe(): Promise<Pages> {
  const folder = await mkdtemp(join(tmpdir(), 'kosmos-web-'));
  const { build } = await import('vite');
  const root = `${repositoryRoot()}web`;
  await build({
    root,
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: folder, emptyOutDir: true },
  });
  const server = await serveFolder(folder);
  return {
    url: server.url,
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface OpenPage {
  readonly page: Page;
  /** What the page said on its console, and errors that nobody caught. */
  readonly lines: readonly string[];
}

/** A page with storage of its own. */
export async function openPage(browser: Browser, url: string): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, acceptDownloads: true });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const lines: string[] = [];
  linesOf(page, (line) => lines.push(line));
  await page.goto(url);
  return { page, lines };
}

/** The site of the page gets no more storage than so many bytes. @returns what lifts the limit */
export async function limitStorage(page: Page, bytes: number): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: bytes });
  return async () => {
    await session.send('Storage.overrideQuotaForOrigin', { origin });
    await session.detach();
  };
}

/** Resolves when the text of the element matches; its text is the result. */
export async function textOf(page: Page, selector: string, pattern: RegExp): Promise<string> {
  const found = await page.waitForFunction(
    ({ selector, source, flags }) => {
      const text = document.querySelector(selector)?.textContent ?? '';
      return new RegExp(source, flags).test(text) ? text : null;
    },
    { selector, source: pattern.source, flags: pattern.flags },
  );
  return (await found.jsonValue()) as string;
}

/** Pictures for the documentation are only taken when the test file is run by itself with `--screenshots`. */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (process.argv.includes('--screenshots'))
    await page.screenshot({ path: `${repositoryRoot()}docs/${name}`, fullPage: true });
}
