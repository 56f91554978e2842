/** The command `train`. */
import { readJson } from '../engine/index.ts';
import { runTraining } from '../train/run.ts';
import type { Terminal } from './command.ts';
import { packageFolder } from './package.ts';
import { parseTrainArguments, TRAIN_HELP } from './train-arguments.ts';
import { assertFinished, trainListeners } from './train-listeners.ts';

const DEFAULT_CONFIG = 'configs/shapes-quick.json';

/** @returns the exit code; errors are thrown */
export async function train(words: readonly string[], terminal: Terminal): Promise<number> {
  const given = parseTrainArguments(words);
  if (given === 'help') {
    terminal.stdout.write(`${TRAIN_HELP}\n`);
    return 0;
  }
  const config = given.config ?? `${await packageFolder()}/${DEFAULT_CONFIG}`;
  const out = given.out ?? `runs/${nameOf(config)}`;
  const began = performance.now();
  const { started, stepped, onCompile, onNote } = trainListeners(given.json, terminal);
  const result = await runTraining({
    ...given,
    configuration: await readJson(config),
    name: config,
    out,
    signal: terminal.signal,
    onStart: ({ description, steps }, adapter, first) => {
      if (description) onNote(description);
      started(adapter, first, steps);
    },
    onStep: (report, tokensPerSecond, { steps }) => stepped(report, tokensPerSecond, steps),
    onCompile,
    onNote,
  });
  assertFinished(result, out);
  const seconds = (performance.now() - began) / 1000;
  if (given.json) terminal.stdout.write(`${JSON.stringify({ ...result, out, seconds })}\n`);
  else terminal.stdout.write(`${summary(result, seconds)}\n`);
  return 0;
}

function nameOf(config: string): string {
  return config.replace(/^.*[\\/]/, '').replace(/\.json$/, '');
}

function summary({ step, model, report }: Awaited<ReturnType<typeof runTraining>>, seconds: number): string {
  return `${step} steps done, ${Math.round(seconds)} s of them now\nmodel:  ${model}\nreport: ${report}`;
}
