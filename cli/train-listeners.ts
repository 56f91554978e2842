/** What a person reads while something is trained. */
import type { Terminal } from './command.ts';
import { Progress } from './progress.ts';
import { TrainProgress } from './train-progress.ts';

interface Step {
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
}

export interface TrainListeners {
  /** Names the adapter and the steps from `first` on. */
  started(adapter: string, first: number, steps: number): void;
  onCompile(done: number, all: number): void;
  stepped(step: Step, tokensPerSecond: number, steps: number): void;
  /** A line of its own. */
  onNote(text: string): void;
}

/** With `json` all of it goes to standard error. */
export function trainListeners(json: boolean, { stdout, stderr }: Terminal): TrainListeners {
  const compiling = new Progress(stderr);
  const training = new TrainProgress(stderr);
  const say = (text: string) => {
    compiling.clear();
    training.clear();
    (json ? stderr : stdout).write(`${text}\n`);
  };
  return {
    started: (adapter, first, steps) =>
      say(`${first > 1 ? `going on with step ${first} of ${steps}` : `${steps} steps`} on ${adapter}`),
    onCompile: (done, all) => compiling.report('compiling kernels', done, all),
    stepped: ({ step, loss, learningRate }, tokensPerSecond, steps) => {
      compiling.clear();
      training.report({ step, steps, loss, learningRate, tokensPerSecond });
    },
    onNote: say,
  };
}

/** @throws Error for a run that ended before its last step */
export function assertFinished({ finished, step }: { finished: boolean; step: number }, out: string): void {
  if (finished) return;
  throw new Error(
    step === 0
      ? 'interrupted before the first step was done; nothing is saved'
      : `interrupted after step ${step}, which is saved in ${out}/checkpoints; --resume goes on`,
  );
}
