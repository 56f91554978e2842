/** Headless Chromium with WebGPU on SwiftShader, both of `@sparticuz/chromium`, driven by playwright-core: for tests of pages. */
import { type Browser, chromium, type Page } from 'playwright-core';

/** Of a container: no sandbox for root, no shared memory that is too small. */
const FLAGS = ['--no-sandbox', '--no-zygote', '--disable-dev-shm-usage', '--hide-scrollbars'];
/** WebGPU on the software driver. */
const WEBGPU_FLAGS = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/** Milliseconds; a busy machine takes its time. */
const START_TIMEOUT = 120_000;

interface Suite {
  (name: string, run: () => Promise<void>): void;
  skip(name: string): void;
}

/** Registers tests that drive Chromium; where it cannot run they are skipped and named on the terminal. */
export class ChromiumTests {
  readonly #suite: Suite;
  readonly #browser: Browser | null;
  readonly #reason: string;

  private constructor(suite: Suite, browser: Browser | null, reason: string) {
    this.#suite = suite;
    this.#browser = browser;
    this.#reason = reason;
  }

  static async start(suite: Suite): Promise<ChromiumTests> {
    if ('Deno' in globalThis) return new ChromiumTests(suite, null, 'Chromium is driven from Node');
    try {
      return new ChromiumTests(suite, await launchChromium(), '');
    } catch (error) {
      return new ChromiumTests(suite, null, `Chromium cannot run here: ${(error as Error).message.split('\n')[0]}`);
    }
  }

  test(name: string, run: (browser: Browser) => Promise<void>): void {
    const browser = this.#browser;
    if (browser) {
      this.#suite(name, () => run(browser));
    } else {
      console.log(`skipped: ${name} (${this.#reason})`);
      this.#suite.skip(name);
    }
  }

  get canRun(): boolean {
    return this.#browser !== null;
  }

  async close(): Promise<void> {
    await this.#browser?.close();
  }
}

/** @throws Error where this machine cannot run it: another system than Linux on x64, or libraries that are not there */
export async function launchChromium({ webgpu = true } = {}): Promise<Browser> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `the Chromium of @sparticuz/chromium is for Linux on x64, not ${process.platform} on ${process.arch}`,
    );
  }
  const { default: carried } = await import('@sparticuz/chromium');
  return chromium.launch({
    executablePath: await carried.executablePath(),
    args: webgpu ? [...FLAGS, ...WEBGPU_FLAGS] : FLAGS,
    timeout: START_TIMEOUT,
  });
}

/** What a page says on its console and the errors that nobody caught, as lines. */
export function linesOf(page: Page, take: (line: string) => void): void {
  page.on('console', (message) => take(message.text()));
  page.on('pageerror', (error) => take(`uncaught: ${error.stack ?? error.message}`));
  page.on('crash', () => take('the page crashed'));
}
