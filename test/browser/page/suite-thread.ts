/** The thread that runs the test file named in its address, and tells the page what came of it. */
import './buffer.ts';
import './process.ts';
import type { SuiteOutcome } from '../../outcome.ts';
import { reasonToSkip, takeUsed } from './absent.ts';
import { runWaiting } from './uvu.ts';

async function run(file: string): Promise<SuiteOutcome> {
  try {
    await import(/* @vite-ignore */ `/${file}`);
  } catch (error) {
    const reason = reasonToSkip(error, takeUsed());
    if (reason === null) throw error;
    console.log(`skipped: ${file} as a whole (${reason})`);
    return { passed: 0, failed: 0, skipped: 1, failures: [] };
  }
  return runWaiting();
}

// for `node-fs.ts`, which is loaded with the test file
await new Promise<void>((given) => {
  addEventListener('message', ({ data }) => given(void Object.assign(globalThis, { fileConnection: data })), {
    once: true,
  });
});
const file = new URLSearchParams(location.search).get('file')!;
const outcome = await run(file).catch((error: Error) => ({
  passed: 0,
  failed: 1,
  skipped: 0,
  failures: [`  ${file} cannot be loaded\n    ${error.stack ?? error.message}\n`],
}));
(globalThis as unknown as { postMessage(outcome: SuiteOutcome): void }).postMessage(outcome);
