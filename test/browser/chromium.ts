/** Headless Chromium with WebGPU on SwiftShader, both of `@sparticuz/chromium`, driven by playwright-core: for tests of pages. */
import { type Browser, chromium, type Page } from 'playwright-core';

/** Of a container: no sandbox for root, no shared memory that is too small; and WebGPU on the software driver. */
const FLAGS = [
  '--no-sandbox',
  '--no-zygote',
  '--disable-dev-shm-usage',
  '--hide-scrollbars',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
];

/** Milliseconds; a busy machine takes its time. */
const START_TIMEOUT = 120_000;

/** @throws Error where this machine cannot run it: another system than Linux on x64, or libraries that are not there */
export async function launchChromium(): Promise<Browser> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `the Chromium of @sparticuz/chromium is for Linux on x64, not ${process.platform} on ${process.arch}`,
    );
  }
  const { default: carried } = await import('@sparticuz/chromium');
  return chromium.launch({
    executablePath: await carried.executablePath(),
    args: FLAGS,
    timeout: START_TIMEOUT,
  });
}

/** What a page says on its console and the errors that nobody caught, as lines. */
export function linesOf(page: Page, take: (line: string) => void): void {
  page.on('console', (message) => take(message.text()));
  page.on('pageerror', (error) => take(`uncaught: ${error.stack ?? error.message}`));
  page.on('crash', () => take('the page crashed'));
}
