/** One engine in a process of its own: `worker.ts ENGINE ADAPTER`. Requests come as lines on standard input, answers go to standard output. */
import { createRequire } from 'node:module';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { AdapterChoice } from '../engine/index.ts';
import { isAdapterChoice } from '../test/adapter.ts';
import { DeviceErrors } from './engines/device-errors.ts';
import { type EngineName, makeEngine } from './engines/index.ts';
import { provideNavigatorGpu } from './engines/navigator-gpu.ts';
import { peersFolder } from './peers.ts';
import { type Answer, answerMark, type Request } from './protocol.ts';
import { serve } from './serve.ts';

const [name, adapter] = wordsOf(process.argv.slice(2));
// what libraries print is for people
console.log = console.info = console.error;

const require = createRequire(`${peersFolder()}/package.json`);
const say = (answer: Answer) => process.stdout.write(`${answerMark}${JSON.stringify(answer)}\n`);

async function start() {
  try {
    const errors = new DeviceErrors();
    const engine = await makeEngine(name, {
      modules: { load: async (library) => require(library) },
      onnxruntime: 'onnxruntime-node',
      device: { adapter },
      browserGlobals: () => provideNavigatorGpu(adapter, errors),
    });
    return serve(engine, errors);
  } catch (error) {
    const message = `it does not start: ${error instanceof Error ? error.message.split('\n')[0] : error}`;
    return async (): Promise<Answer> => ({ ok: false, message, unsupported: true });
  }
}

function wordsOf([engine, choice]: readonly string[]): [EngineName, AdapterChoice] {
  if (!isAdapterChoice(choice)) throw new Error(`worker.ts ENGINE auto|system|swiftshader, not ${choice}`);
  return [engine as EngineName, choice];
}

const answer = await start();
for await (const line of createInterface({ input: process.stdin })) say(await answer(JSON.parse(line) as Request));
// drivers and libraries leave threads behind that keep a process
process.exit(0);
