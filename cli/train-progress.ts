/** How far a training run is, on standard error. */
import { showDuration, showNumber, showWhole } from '../report/format.ts';
import { MovingAverage } from '../report/moving-average.ts';
import type { Output } from './command.ts';
import { StatusLine } from './status-line.ts';

/** Steps that the loss and the pace are averaged over. */
const SPAN = 30;
const SEPARATOR = ' · ';

/** What is known after a step. */
export interface TrainingState {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly tokensPerSecond: number;
  readonly learningRate: number;
}

export class TrainProgress {
  readonly #line: StatusLine;
  readonly #now: () => number;
  readonly #loss = new MovingAverage(SPAN);
  /** What waited for a checkpoint comes in no time: such a step must not count as a fast one. */
  readonly #secondsPerToken = new MovingAverage(SPAN);
  /** Milliseconds a step, with all that comes between steps. */
  readonly #pace = new MovingAverage(SPAN);
  #last: { step: number; at: number } | null = null;

  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#line = new StatusLine(output, now);
    this.#now = now;
  }

  /** To be called after every step; the last one is shown in any case. */
  report(state: TrainingState): void {
    const at = this.#now();
    if (this.#last) this.#pace.add((at - this.#last.at) / (state.step - this.#last.step));
    else this.#line.begin();
    const isFirstBar = this.#last === null && this.#line.isBar;
    this.#last = { step: state.step, at };
    this.#loss.add(state.loss);
    this.#secondsPerToken.add(1 / state.tokensPerSecond);
    if (!this.#line.isDue && !isFirstBar && state.step < state.steps) return;
    this.#line.show(state.step / state.steps, this.#describe(state));
  }

  /** Takes the bar away, before something else is printed. */
  clear(): void {
    this.#line.clear();
  }

  /** The most important first; what finds no room on the screen is left out whole. */
  #describe({ step, steps, learningRate }: TrainingState): string {
    const left = ((steps - step) * this.#pace.value) / 1000;
    const parts = [
      `step ${showWhole(step)}/${showWhole(steps)}`,
      `loss ${showNumber(this.#loss.value)}`,
      ...(Number.isFinite(left) && step < steps ? [`${showDuration(left)} left`] : []),
      `${showNumber(1 / this.#secondsPerToken.value, 3)} tokens/s`,
      `learning rate ${showNumber(learningRate, 3)}`,
    ];
    while (parts.length > 1 && parts.join(SEPARATOR).length > this.#line.room) parts.pop();
    return parts.join(SEPARATOR);
  }
}
