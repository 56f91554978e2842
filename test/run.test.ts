import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { repositoryRoot } from './shared.ts';

const isDeno = 'Deno' in globalThis;
const folder = await mkdtemp(join(tmpdir(), 'run-test-'));
await symlink(`${repositoryRoot()}node_modules`, join(folder, 'node_modules'));
await writeFile(join(folder, 'package.json'), '{"type":"module"}');

const HEAD = `import { test } from 'uvu'; import * as assert from 'uvu/assert';\n`;

/** Runs the runner over these files; the lines that it printed, and its exit code. */
async function run(files: Record<string, string>, ...flags: string[]): Promise<{ lines: string[]; code: number }> {
  const own = await mkdtemp(join(folder, 'tests-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(own, name, '..'), { recursive: true });
    await writeFile(join(own, name), HEAD + content);
  }
  const runner = `${repositoryRoot()}test/run.ts`;
  const words = isDeno ? ['run', '-A', runner] : ['--import', import.meta.resolve('tsx'), runner];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...words, '--folder', own, ...flags],
      { cwd: repositoryRoot() },
      (error, stdout, stderr) => {
        const code = error ? Number(error.code) : 0;
        resolve({ lines: `${stdout}${stderr}`.trimEnd().split('\n'), code });
      },
    );
  });
}

const PASSING = `test('good', () => assert.ok(true)); test.run();`;

test('passed and skipped tests are summed over files, and skipped ones named', async () => {
  const skipping = `console.log('skipped: that (needs this)'); test.skip('that'); test.skip('other'); ${PASSING}`;
  const { lines, code } = await run({ 'a.test.ts': PASSING, 'b/c.test.ts': skipping, 'd.ts': 'throw 1' });
  assert.is(lines.at(-1), '2 passed, 0 failed, 2 skipped');
  assert.is(code, 0);
  const text = lines.join('\n');
  assert.match(text, /ok +[\d.]+ s {2}tests-\w+\/a\.test\.ts: 1 passed\n/);
  assert.match(
    text,
    /b\/c\.test\.ts: 1 passed, 2 skipped\n +skipped: that \(needs this\)\n +skipped: 1 without a name/,
  );
});

test('a failing test is shown with its file, its name and what was wrong', async () => {
  const failing = `test('two and two', () => assert.is(2 + 2, 5)); ${PASSING}`;
  const { lines, code } = await run({ 'a.test.ts': failing, 'b.test.ts': PASSING });
  assert.is(lines.at(-1), '2 passed, 1 failed');
  assert.is(code, 1);
  assert.match(
    lines.join('\n'),
    /FAIL +[\d.]+ s {2}tests-\w+\/a\.test\.ts: 1 passed, 1 failed\n[\s\S]*"two and two"[\s\S]*a\.test\.ts:2/,
  );
});

const BAD_FILES: Record<string, [content: string, why: RegExp]> = {
  'throws-at-load': [`throw new Error('at load')`, /it crashed \(exit code 1\)[\s\S]*at load/],
  'ends-its-process': [`test('x', () => process.exit(0)); test.run();`, /it ended before its tests did/],
  'is-killed': [`test('x', () => process.kill(process.pid, 'SIGKILL')); test.run();`, /it crashed \(SIGKILL\)/],
  'has-no-tests': [`test('x', () => {});`, /it has no tests/],
  'fails-in-a-hook': [`test.before(() => { throw 1; }); ${PASSING}`, /a before hook threw/],
  'loses-a-rejection': [
    `test('x', () => (Promise.reject(new Error('lost')), new Promise((r) => setTimeout(r, 500)))); test.run();`,
    /it crashed[\s\S]*lost/,
  ],
};

test('a file that crashes, ends early or has no tests has failed', async () => {
  const files = Object.entries(BAD_FILES).map(([name, [content]]) => [`${name}.test.ts`, content]);
  const { lines, code } = await run({ ...Object.fromEntries(files), 'good.test.ts': PASSING });
  assert.is(lines.at(-1), `1 passed, ${files.length} failed`);
  assert.is(code, 1);
  const reports = lines.join('\n').split(/\n(?=FAIL|ok)/);
  for (const [name, [, why]] of Object.entries(BAD_FILES)) {
    assert.match(reports.find((report) => report.includes(`${name}.test.ts`)) ?? 'no report', why, name);
  }
});

test('a file that hangs is ended with all that it started', async () => {
  const marker = join(folder, 'alive');
  const child = `setTimeout(() => require('fs').writeFileSync(${JSON.stringify(marker)}, ''), 3000)`;
  const hanging =
    `import { spawn } from 'node:child_process';\ntest('x', () => new Promise(() => {` +
    `spawn('node', ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' }); setInterval(() => {}, 1000); })); test.run();`;
  const { lines, code } = await run({ 'a.test.ts': hanging }, '--timeout', '2');
  assert.is(lines.at(-1), '0 passed, 1 failed');
  assert.is(code, 1);
  assert.match(lines.join('\n'), /it did not end within 2 s/);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  assert.is(existsSync(marker), false, 'the process that it had started is gone');
});

test('what a test leaves open does not hold up the others', async () => {
  const { lines, code } = await run({ 'a.test.ts': `setInterval(() => {}, 1000); ${PASSING}` });
  assert.is(lines.at(-1), '1 passed, 0 failed');
  assert.is(code, 0);
});

test('tests of the GPU get their adapter and say which it was; others run once', async () => {
  const adapter = `import { adapterChoice } from ${JSON.stringify(`${repositoryRoot()}test/adapter.ts`)};\n`;
  const gpu = `${adapter}test('x', () => assert.is(adapterChoice(), 'auto')); test.run();`;
  const { lines } = await run({ 'gpu/a.test.ts': gpu, 'b.test.ts': PASSING }, '--adapter', 'auto');
  const text = lines.join('\n');
  assert.match(text, /adapter auto: .+\n/);
  assert.match(text, /gpu\/a\.test\.ts \[auto\]: 1 passed/);
  assert.is(lines.at(-1), '2 passed, 0 failed');
});

test('flags: --only, --help and wrong ones', async () => {
  const files = { 'a.test.ts': PASSING, 'b.test.ts': PASSING };
  assert.is((await run(files, '--only', 'b.')).lines.at(-1), '1 passed, 0 failed');
  const none = await run(files, '--only', 'nothing');
  assert.is(none.lines.at(-1), '0 passed, 0 failed');
  assert.is(none.code, 1);
  const help = await run({}, '--help');
  assert.is(help.code, 0);
  assert.match(help.lines.join('\n'), /--adapter auto\|system\|swiftshader/);
  assert.is((await run(files, '--jobs', 'many')).code, 2);
  assert.is((await run(files, '--adapter', 'other')).code, 2);
});

test.after(() => rm(folder, { recursive: true, force: true }));
test.run();
