/** Runs all tests, each file in a process of its own, those of the GPU once on each adapter. See `--help`. */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AdapterChoice } from '../engine/runtime/types.ts';
import { isAdapterChoice } from './adapter.ts';
import { OUTCOME, type ProbeOutcome, type SuiteOutcome } from './outcome.ts';
import { repositoryRoot } from './shared.ts';

const HELP = `Runs test/**/*.test.ts, each file in a process of its own; those in a folder called gpu on each adapter there is.

  --adapter auto|system|swiftshader   only this adapter; default: the system's, and the SwiftShader of @sparticuz/chromium
  --folder PATH                       another folder than test
  --only TEXT                         only files whose path has TEXT in it
  --jobs N                            so many files at a time; default: one for each core, at most 4
  --timeout SECONDS                   a file that takes longer has failed; default 1500
  --help

The last line is "N passed, N failed", with ", N skipped" where tests were skipped. Exit code 1 when any failed or none ran.`;

interface Options {
  adapter: AdapterChoice | null;
  folder: string;
  only: string;
  jobs: number;
  timeout: number;
}

interface Job {
  file: string;
  adapter: AdapterChoice;
  label: string;
}

interface ChildResult<T> {
  outcome: T | null;
  output: string;
  /** What was wrong with the process itself; empty when it ended well. */
  trouble: string;
}

/** Characters that are kept of what a test prints. */
const LONGEST_OUTPUT = 1_000_000;

const here = fileURLToPath(import.meta.url);
const isDeno = 'Deno' in globalThis;
const running = new Set<() => void>();

const options = parseOptions(process.argv.slice(2));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const kill of running) kill();
    process.exit(130);
  });
}
process.exitCode = await main();

async function main(): Promise<number> {
  const files = testFiles().filter((file) => file.includes(options.only));
  const total: SuiteOutcome = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const adapters = files.some(isGpuTest) ? await availableAdapters(total) : [];
  const jobs = files.flatMap((file): Job[] =>
    isGpuTest(file)
      ? adapters.map((adapter) => ({ file, adapter, label: `${file} [${adapter}]` }))
      : [{ file, adapter: options.adapter ?? 'auto', label: file }],
  );
  const began = performance.now();
  const waiting = jobs.values();
  await Promise.all(
    Array.from({ length: options.jobs }, async () => {
      for (const job of waiting) add(total, await runJob(job));
    }),
  );
  const ranNone = total.passed + total.failed === 0;
  if (ranNone)
    console.log(`no test ran${options.only ? `: no file has "${options.only}" in its path, or all were skipped` : ''}`);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`\n${files.length} files in ${seconds} s on ${isDeno ? 'Deno' : 'Node'} ${runtimeVersion()}`);
  console.log(`${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`);
  return total.failed > 0 || ranNone ? 1 : 0;
}

function parseOptions(words: string[]): Options {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const options: Options = {
    adapter: null,
    folder,
    only: '',
    jobs: Math.min(4, availableParallelism()),
    timeout: 1500,
  };
  for (let i = 0; i < words.length; i += 2) {
    const [name, value] = [words[i]!, words[i + 1]];
    if (name === '--help') {
      console.log(HELP);
      process.exit(0);
    }
    if (name === '--adapter' && isAdapterChoice(value)) options.adapter = value;
    else if (name === '--folder' && value) options.folder = resolve(value);
    else if (name === '--only' && value) options.only = value;
    else if (name === '--jobs' && Number.isInteger(Number(value)) && Number(value) > 0) options.jobs = Number(value);
    else if (name === '--timeout' && Number(value) > 0) options.timeout = Number(value);
    else {
      console.error(`cannot understand ${name} ${value ?? ''}\n\n${HELP}`);
      process.exit(2);
    }
  }
  return options;
}

function runtimeVersion(): string {
  return isDeno
    ? (globalThis as unknown as { Deno: { version: { deno: string } } }).Deno.version.deno
    : process.versions.node;
}

/** Paths from the folder that holds the folder of tests, sorted. */
function testFiles(): string[] {
  const ending = here.endsWith('.ts') ? '.test.ts' : '.test.js';
  return readdirSync(options.folder, { recursive: true, encoding: 'utf8' })
    .map((name) => `${basename(options.folder)}/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith(ending) && !name.includes('node_modules/'))
    .sort();
}

function isGpuTest(file: string): boolean {
  return file.split('/').includes('gpu');
}

/** Prints what each adapter is; having none at all is a failure, for then nothing was tested that matters. */
async function availableAdapters(total: SuiteOutcome): Promise<AdapterChoice[]> {
  const wanted: AdapterChoice[] = options.adapter ? [options.adapter] : ['system', 'swiftshader'];
  const available: AdapterChoice[] = [];
  for (const adapter of wanted) {
    const { outcome, output, trouble } = await runChild<ProbeOutcome>('--probe', adapter, 60);
    if (outcome && 'description' in outcome) {
      available.push(adapter);
      console.log(`adapter ${adapter}: ${outcome.description}`);
    } else {
      console.log(`adapter ${adapter}: none. ${outcome?.missing ?? `${trouble}\n${output}`}`);
    }
  }
  if (available.length === 0) {
    console.log('FAIL  no adapter to run the tests of the GPU on');
    total.failed++;
  }
  return available;
}

async function runJob({ file, adapter, label }: Job): Promise<SuiteOutcome> {
  const began = performance.now();
  const { outcome, output, trouble } = await runChild<SuiteOutcome>(
    join(options.folder, '..', file),
    adapter,
    options.timeout,
  );
  const result = outcome ?? { passed: 0, failed: 0, skipped: 0, failures: [] };
  if (trouble) fail(result, trouble);
  else if (result.passed + result.failed + result.skipped === 0)
    fail(result, 'it has no tests: is test.run() missing?');
  const isBad = result.failed > 0;
  const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(6);
  const counts = `${result.passed} passed${isBad ? `, ${result.failed} failed` : ''}${result.skipped ? `, ${result.skipped} skipped` : ''}`;
  const skipped = output.split('\n').filter((line) => line.startsWith('skipped: '));
  const unnamed = result.skipped - skipped.length;
  if (unnamed > 0) skipped.push(`skipped: ${unnamed} without a name (test.only, or test.skip without a printed line)`);
  const lines = [
    `${isBad ? 'FAIL' : 'ok  '} ${seconds} s  ${label}: ${counts}`,
    ...skipped.map((line) => `      ${line}`),
  ];
  if (isBad) lines.push(...result.failures, ...(trouble ? [`  what it printed:\n${output.slice(-8000)}`] : []));
  console.log(lines.join('\n'));
  return result;
}

function fail(outcome: SuiteOutcome, why: string): void {
  outcome.failed++;
  outcome.failures.push(`  ${why}\n`);
}

function add(total: SuiteOutcome, outcome: SuiteOutcome): void {
  total.passed += outcome.passed;
  total.failed += outcome.failed;
  total.skipped += outcome.skipped;
}

/** Runs `suite` with this runtime on a file or `--probe`; never rejects. */
function runChild<T>(what: string, adapter: AdapterChoice, timeout: number): Promise<ChildResult<T>> {
  const suite = here.replace(/run(\.[jt]s)$/, 'suite$1');
  const loader = here.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : [];
  const words = isDeno ? ['run', '-A', suite] : [...loader, suite];
  return new Promise((settle) => {
    // A process group of its own, so that what a test started ends with it.
    const child = spawn(process.execPath, [...words, what, '--adapter', adapter], {
      cwd: repositoryRoot(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    let output = '';
    let trouble = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-LONGEST_OUTPUT);
      });
    }
    const kill = () => {
      try {
        if (process.platform === 'win32') child.kill('SIGKILL');
        else process.kill(-child.pid!, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
    };
    const timer = setTimeout(() => {
      trouble = `it did not end within ${timeout} s`;
      kill();
    }, timeout * 1000);
    const finish = () => {
      clearTimeout(timer);
      running.delete(kill);
      const at = output.lastIndexOf(`\n${OUTCOME}`);
      const outcome = at < 0 ? null : (JSON.parse(output.slice(at + 1 + OUTCOME.length).split('\n')[0]!) as T);
      if (!outcome && !trouble) trouble = 'it ended before its tests did';
      settle({ outcome, output: output.slice(0, at < 0 ? undefined : at), trouble });
    };
    running.add(kill);
    child.on('error', (error) => {
      trouble = `it could not be started: ${error.message}`;
      finish();
    });
    child.on('exit', (code, signal) => {
      if (!trouble && (code !== 0 || signal)) trouble = `it crashed (${signal ?? `exit code ${code}`})`;
      kill();
    });
    child.on('close', finish);
  });
}
