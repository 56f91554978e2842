/** The package in an empty project of Node, of Deno and of Vite: each trains the network of the README. What the engine alone weighs. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { transformSync } from 'rolldown/utils';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { launchChromium, linesOf } from '../browser/chromium.ts';
import { serveFolder } from '../browser/static-server.ts';
import { codeBlocks } from '../example-code.ts';
import { repositoryRoot } from '../shared.ts';
import { bundleEngine } from './bundle.ts';
import { install, pack, run, runNode, tool } from './packed.ts';

/** Of the engine alone, minified and gzipped, with all that a runtime loads on demand; the self-test is an entry of its own. */
const mostBytes = 60_000;
/** A page that is busy compiling kernels on a software driver takes its time. */
const pageTimeout = 600_000;

const root = mkdtempSync(join(tmpdir(), 'package-'));
test.after(() => rmSync(root, { recursive: true }));

const program = codeBlocks('README.md').find((code) => code.includes('adamw'))!;
const nodeProject = join(root, 'node');

/** A project beside the first, with what is installed there. */
function project(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(root, name);
  mkdirSync(folder);
  symlinkSync(join(nodeProject, 'node_modules'), join(folder, 'node_modules'));
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  return folder;
}

function assertLearns(lines: readonly string[]): void {
  const losses = lines.flatMap((line) => /^step \d+: loss (\S+)$/.exec(line)?.slice(1) ?? []).map(Number);
  assert.is(losses.length, 5, lines.join('\n'));
  assert.ok(losses.at(-1)! < 0.01 && losses.at(-1)! < losses[0]!, `losses ${losses.join(', ')}`);
}

test('npm packs and installs it', async () => {
  await install(await pack(root), nodeProject);
});

test('Node', async () => {
  writeFileSync(join(nodeProject, 'main.mjs'), transformSync('main.ts', program).code);
  assertLearns((await runNode(['main.mjs'], nodeProject)).split('\n'));
});

test('editors know its types', async () => {
  writeFileSync(join(nodeProject, 'main.ts'), program);
  const common = [tool('typescript/lib/tsc.js'), '--noEmit', '--strict', '--target', 'esnext'];
  await runNode([...common, '--module', 'nodenext', 'main.ts'], nodeProject);
  await runNode([...common, '--module', 'esnext', '--moduleResolution', 'bundler', 'main.ts'], nodeProject);
});

test('Deno', async () => {
  const folder = project('deno', { 'main.ts': program, 'deno.json': '{ "nodeModulesDir": "manual" }' });
  assertLearns((await run(tool('.bin/deno'), ['run', '-A', 'main.ts'], folder)).split('\n'));
});

test('JSR takes it', async () => {
  const output = await run(
    tool('.bin/deno'),
    ['publish', '--dry-run', '--allow-dirty', '--no-check'],
    repositoryRoot(),
  );
  assert.match(output, /engine\/index\.ts/);
});

test('the engine alone is small, and needs nothing but webgpu on Node', async () => {
  const browser = await bundleEngine(nodeProject, 'browser');
  const node = await bundleEngine(nodeProject, 'node');
  const deno = await bundleEngine(nodeProject, 'deno');
  const sizes = { browser: browser.bytes, node: node.bytes, deno: deno.bytes };
  console.log(`engine, minified and gzipped, in bytes: ${JSON.stringify(sizes)}`);
  assert.equal([browser.packages, node.packages, deno.packages], [[], ['webgpu'], []]);
  assert.ok(Math.max(...Object.values(sizes)) <= mostBytes, JSON.stringify(sizes));
  assert.not.match(browser.code, /node:fs|Deno\.dlopen/, 'what is for Node and Deno is left out');
});

test('Vite, in a browser', async () => {
  let browser: Browser;
  try {
    browser = await launchChromium();
  } catch (error) {
    console.log(`skipped: Vite, in a browser (Chromium cannot run here: ${(error as Error).message.split('\n')[0]})`);
    return;
  }
  const folder = project('vite', {
    'main.ts': `${program}\nconsole.log('done');\n`,
    'index.html': '<!doctype html><title>empty</title><script type="module" src="/main.ts"></script>\n',
  });
  await runNode([tool('vite/bin/vite.js'), 'build'], folder);
  const server = await serveFolder(join(folder, 'dist'));
  try {
    const lines: string[] = [];
    const page = await browser.newPage();
    const ended = new Promise<void>((resolve, reject) => {
      setTimeout(() => reject(new Error(`the page does not end; so far:\n${lines.join('\n')}`)), pageTimeout).unref();
      linesOf(page, (line) => {
        lines.push(line);
        if (line === 'done' || line.startsWith('uncaught')) resolve();
      });
    });
    await page.goto(server.url.concat('/'));
    await ended;
    assertLearns(lines);
  } finally {
    await server.close();
    await browser.close();
  }
});

test.run();
