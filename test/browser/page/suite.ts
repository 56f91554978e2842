/** A page that runs one test file, named in its address, and leaves what came of it for whoever drives the browser. */
import './process.ts';
import type { SuiteOutcome } from '../../outcome.ts';
import { reasonToSkip, takeUsed } from './absent.ts';
import { runWaiting } from './uvu.ts';

declare global {
  var suiteOutcome: SuiteOutcome | undefined;
}

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

const file = new URLSearchParams(location.search).get('file')!;
globalThis.suiteOutcome = await run(file).catch((error: Error) => ({
  passed: 0,
  failed: 1,
  skipped: 0,
  failures: [`  ${file} cannot be loaded\n    ${error.stack ?? error.message}\n`],
}));
