/** The command `train`. */
import { readJson } from '../engine/index.ts';
import { runTraining, type TrainRunOptions } from '../train/run.ts';
import type { Terminal } from './command.ts';
import { packageFolder } from './package.ts';
import { Progress } from './progress.ts';
import { parseTrainArguments, TRAIN_HELP, type TrainArguments } from './train-arguments.ts';
import { TrainProgress } from './train-progress.ts';

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
  const result = await runTraining({
    ...given,
    configuration: await readJson(config),
    name: config,
    out,
    signal: terminal.signal,
    ...listeners(given, terminal),
  });
  if (!result.finished)
    throw new Error(`interrupted after step ${result.step}, which is saved in ${out}/checkpoints; --resume goes on`);
  const seconds = (performance.now() - began) / 1000;
  if (given.json) terminal.stdout.write(`${JSON.stringify({ ...result, out, seconds })}\n`);
  else terminal.stdout.write(`${summary(result, seconds)}\n`);
  return 0;
}

function nameOf(config: string): string {
  return config.replace(/^.*[\\/]/, '').replace(/\.json$/, '');
}

/** What a person reads while it runs; with `--json` all of it goes to standard error. */
function listeners(
  { json }: TrainArguments,
  { stdout, stderr }: Terminal,
): Pick<TrainRunOptions, 'onStart' | 'onStep' | 'onCompile' | 'onNote'> {
  const compiling = new Progress(stderr);
  const training = new TrainProgress(stderr);
  const say = (text: string) => {
    compiling.clear();
    training.clear();
    (json ? stderr : stdout).write(`${text}\n`);
  };
  return {
    onStart: ({ description, steps }, adapter, first) => {
      if (description) say(description);
      say(`${first > 1 ? `going on with step ${first} of ${steps}` : `${steps} steps`} on ${adapter}`);
    },
    onCompile: (done, all) => compiling.report('compiling kernels', done, all),
    onStep: ({ step, loss, learningRate }, tokensPerSecond, { steps }) => {
      compiling.clear();
      training.report({ step, steps, loss, learningRate, tokensPerSecond });
    },
    onNote: say,
  };
}

function summary({ step, model, report }: Awaited<ReturnType<typeof runTraining>>, seconds: number): string {
  return `${step} steps done, ${Math.round(seconds)} s of them now\nmodel:  ${model}\nreport: ${report}`;
}
