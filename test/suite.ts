/**
 * One test file in a process of its own, as `run.ts` starts it: `suite.ts FILE --adapter CHOICE`. It runs the file's tests and
 * prints, as its last line, what came of them. With `--probe` instead of a file it prints what the adapter is called.
 */
import { pathToFileURL } from 'node:url';
import { runtime } from '../engine/runtime/index.ts';
import { adapterChoice } from './adapter.ts';
import { OUTCOME, type ProbeOutcome, type SuiteOutcome } from './outcome.ts';

/** What uvu's `test.run()` puts into its queue: failures or true, passed, skipped, and how many there were to run. */
type Run = () => Promise<[string | true, number, number, number]>;

async function runFile(file: string): Promise<SuiteOutcome> {
  const queue: (string | null | Run)[][] = [[null]];
  // uvu starts by itself unless it is told, as its own command line does, that somebody will go through the queue.
  Object.assign(globalThis, { UVU_DEFER: 1, UVU_INDEX: 0, UVU_QUEUE: queue });
  await import(pathToFileURL(file).href);
  const outcome: SuiteOutcome = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const run of queue[0]!) {
    if (typeof run !== 'function') continue;
    const [failures, passed, skipped, total] = await run();
    outcome.passed += passed;
    outcome.failed += total - passed;
    outcome.skipped += skipped;
    if (typeof failures === 'string') outcome.failures.push(failures);
    else if (passed < total) outcome.failures.push('  a before hook threw, so no test of its suite ran\n');
  }
  return outcome;
}

async function probe(): Promise<ProbeOutcome> {
  try {
    return { description: (await (await runtime()).requestAdapter({ adapter: adapterChoice() })).description };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

/** Milliseconds; with none, half of the runs of `test/engine/gpu/errors.test.ts` on SwiftShader crashed at the end. */
const deviceGoneAfter = 300;

const file = process.argv[2]!;
const outcome = file === '--probe' ? await probe() : await runFile(file);
// Deno's driver crashes where the process ends while it still takes a device apart.
if ((await runtime()).name === 'deno') await new Promise((resolve) => setTimeout(resolve, deviceGoneAfter));
// What a test left open must not hold up the others.
process.stdout.write(`\n${OUTCOME}${JSON.stringify(outcome)}\n`, () => process.exit(0));
