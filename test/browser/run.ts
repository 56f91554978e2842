/** Runs the tests of the engine, the model and the data in headless Chromium, from the same sources. See `--help`. */
import { readdirSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import type { SuiteOutcome } from '../outcome.ts';
import { repositoryRoot } from '../shared.ts';
import { launchChromium, linesOf } from './chromium.ts';
import { type SourceServer, serveSources } from './source-server.ts';

const HELP = `Runs test/{engine,model,data}/**/*.test.ts and test/train/gpu/losses.test.ts in headless Chromium on SwiftShader, each file in a page
of its own. What needs the file system or processes is skipped and named.

  --only TEXT         only files whose path has TEXT in it
  --timeout SECONDS   a file that takes longer has failed; default 1500
  --help

The last line is "N passed, N failed", with ", N skipped" where tests were skipped. Exit code 1 when any failed or none ran; 0 where
Chromium cannot run, which counts as one skipped.`;

const FOLDERS = ['test/engine', 'test/model', 'test/data'];
const MORE_FILES = ['test/train/gpu/losses.test.ts'];
/** About Node and Deno themselves. */
const OTHER_RUNTIMES = ['test/engine/node-pace.test.ts', 'test/engine/runtime.test.ts'];

interface Options {
  only: string;
  timeout: number;
}

process.exitCode = await main(parseOptions(process.argv.slice(2)));

function parseOptions(words: string[]): Options {
  const options: Options = { only: '', timeout: 1500 };
  for (let i = 0; i < words.length; i += 2) {
    const [name, value] = [words[i]!, words[i + 1]];
    if (name === '--help') {
      console.log(HELP);
      process.exit(0);
    }
    if (name === '--only' && value) options.only = value;
    else if (name === '--timeout' && Number(value) > 0) options.timeout = Number(value);
    else {
      console.error(`cannot understand ${name} ${value ?? ''}\n\n${HELP}`);
      process.exit(2);
    }
  }
  return options;
}

async function main(options: Options): Promise<number> {
  let browser: Browser;
  try {
    browser = await launchChromium();
  } catch (error) {
    console.log(
      `skipped: all tests in a browser (Chromium cannot run here: ${(error as Error).message.split('\n')[0]})`,
    );
    console.log('0 passed, 0 failed, 1 skipped');
    return 0;
  }
  const began = performance.now();
  const server = await serveSources();
  const total: SuiteOutcome = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const files = testFiles().filter((file) => file.includes(options.only));
  try {
    for (const file of files) {
      if (OTHER_RUNTIMES.includes(file)) {
        console.log(`skipped: ${file} as a whole (it is about Node and Deno)`);
        total.skipped++;
        continue;
      }
      const outcome = await runFile(browser, server, file, options.timeout);
      total.passed += outcome.passed;
      total.failed += outcome.failed;
      total.skipped += outcome.skipped;
    }
  } finally {
    await browser.close();
    await server.close();
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`\n${files.length} files in ${seconds} s on Chromium ${browser.version()}`);
  console.log(`${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`);
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
}

function testFiles(): string[] {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(`${repositoryRoot()}${folder}`, { recursive: true, encoding: 'utf8' }).map(
      (name) => `${folder}/${name}`,
    ),
  );
  return [...files.filter((name) => name.endsWith('.test.ts')).sort(), ...MORE_FILES];
}

/** In a page with storage of its own; never rejects for what a test does. */
async function runFile(browser: Browser, server: SourceServer, file: string, timeout: number): Promise<SuiteOutcome> {
  const began = performance.now();
  const context = await browser.newContext();
  const lines: string[] = [];
  const page = await context.newPage();
  linesOf(page, (line) => lines.push(line));
  let outcome: SuiteOutcome;
  try {
    const crashed = new Promise<never>((_, reject) => page.on('crash', () => reject(new Error('the page crashed'))));
    crashed.catch(() => undefined);
    await page.goto(server.pageOf(file));
    const done = page.waitForFunction(() => globalThis.suiteOutcome, null, {
      timeout: timeout * 1000,
      polling: 200,
    });
    outcome = (await (await Promise.race([done, crashed])).jsonValue()) as SuiteOutcome;
  } catch (error) {
    const why = (error as Error).message.split('\n')[0];
    outcome = { passed: 0, failed: 1, skipped: 0, failures: [`  ${why}\n  ${lines.slice(-20).join('\n  ')}\n`] };
  } finally {
    await context.close();
  }
  const isBad = outcome.failed > 0;
  const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(6);
  const counts = [
    `${outcome.passed} passed`,
    ...(isBad ? [`${outcome.failed} failed`] : []),
    ...(outcome.skipped ? [`${outcome.skipped} skipped`] : []),
  ].join(', ');
  const skipped = lines.filter((line) => line.startsWith('skipped: ')).map((line) => `      ${line}`);
  console.log(
    [`${isBad ? 'FAIL' : 'ok  '} ${seconds} s  ${file}: ${counts}`, ...skipped, ...outcome.failures].join('\n'),
  );
  return outcome;
}
