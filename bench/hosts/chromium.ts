/** Engines as pages of one headless Chromium on SwiftShader: the sources as they are, and the peers' builds for browsers. */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { createServer, type Plugin, type ViteDevServer } from 'vite';
import { launchChromium, linesOf } from '../../test/browser/chromium.ts';
import { repositoryRoot } from '../../test/shared.ts';
import type { Channel } from '../contender.ts';
import type { EngineName } from '../engines/index.ts';
import { peersFolder } from '../peers.ts';
import type { Answer, Request } from '../protocol.ts';
import type { Host } from './index.ts';

declare global {
  /** Of the page: starts an engine, then answers. */
  var benchAnswer: ((request: Request) => Promise<Answer>) | undefined;
  var benchStart: ((engine: EngineName) => Promise<void>) | undefined;
}

const html =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="/bench/page.ts"></script>';

/** Milliseconds that a page may take to load its sources. */
const loadLimit = 300_000;

export async function openChromium(): Promise<Host> {
  const browser = await launchChromium();
  const server = await servePage();
  return {
    open: (engine) => openPage(browser, server, engine),
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}

async function servePage(): Promise<ViteDevServer> {
  const server = await createServer({
    root: repositoryRoot(),
    configFile: false,
    appType: 'custom',
    logLevel: 'error',
    plugins: [pageAndPeers()],
    // there is nothing to bundle
    optimizeDeps: { noDiscovery: true, include: [] },
    server: { host: '127.0.0.1', port: 0, hmr: false, ws: false, watch: null },
  });
  await server.listen();
  return server;
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** The page, and the files of the peers as they are. */
function pageAndPeers(): Plugin {
  return {
    name: 'bench-page',
    configureServer({ middlewares }) {
      middlewares.use('/bench.html', (_, response) => {
        response.setHeader('Content-Type', 'text/html');
        response.end(html);
      });
      middlewares.use('/peers', async (request, response) => {
        const path = normalize(decodeURIComponent(new URL(request.url!, 'http://here').pathname));
        try {
          const content = await readFile(join(peersFolder(), 'node_modules', path));
          response.setHeader('Content-Type', types[extname(path)] ?? 'application/octet-stream');
          response.end(content);
        } catch {
          response.statusCode = 404;
          response.end();
        }
      });
    },
  };
}

async function openPage(browser: Browser, server: ViteDevServer, engine: EngineName): Promise<Channel> {
  const page = await browser.newPage();
  // work may take as long as it takes
  page.setDefaultTimeout(0);
  const lines: string[] = [];
  linesOf(page, (line) => lines.push(line));
  await page.goto(`${server.resolvedUrls!.local[0]}bench.html`, { timeout: loadLimit });
  try {
    await page.waitForFunction(() => globalThis.benchStart !== undefined, null, { timeout: loadLimit });
  } catch {
    throw new Error(`the page does not load: ${lines.at(-1) ?? 'it says nothing'}`);
  }
  await page.evaluate((name) => globalThis.benchStart!(name), engine);
  return new PageChannel(page);
}

class PageChannel implements Channel {
  readonly #page: Page;
  readonly #crashed: Promise<never>;
  #alive = true;

  constructor(page: Page) {
    this.#page = page;
    this.#crashed = new Promise((_, reject) => {
      page.on('crash', () => {
        this.#alive = false;
        reject(new Error('its page crashed'));
      });
    });
    // told to whoever asks
    this.#crashed.catch(() => undefined);
  }

  get alive(): boolean {
    return this.#alive;
  }

  ask(request: Request): Promise<Answer> {
    const answer = this.#page.evaluate((one) => globalThis.benchAnswer!(one), request);
    return Promise.race([answer, this.#crashed]);
  }

  async close(): Promise<void> {
    this.#alive = false;
    await this.#page.close();
  }
}
