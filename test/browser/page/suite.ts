/**
 * A page that runs one test file, named in its address, and leaves what came of it for whoever drives the browser. The tests are in a thread:
 * that may wait, as `readFileSync` and its like do, and a page may not.
 */
import type { SuiteOutcome } from '../../outcome.ts';
import { answerMemory } from './waiting-files.ts';

declare global {
  var suiteOutcome: SuiteOutcome | undefined;
}

const files = new Worker(new URL('./file-thread.ts', import.meta.url), { type: 'module' });
const thread = new Worker(new URL(`./suite-thread.ts${location.search}`, import.meta.url), { type: 'module' });
thread.onmessage = ({ data }: MessageEvent<SuiteOutcome>) => {
  globalThis.suiteOutcome = data;
};
thread.onerror = (event) => {
  const failures = [`  the thread of the tests: ${event.message || 'it cannot be loaded'}\n`];
  globalThis.suiteOutcome ??= { passed: 0, failed: 1, skipped: 0, failures };
};

const { port1, port2 } = new MessageChannel();
const shared = answerMemory();
files.postMessage({ port: port1, shared }, [port1]);
thread.postMessage({ port: port2, shared }, [port2]);
