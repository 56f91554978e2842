/** How far an evaluation is, on standard error. */
import type { RunProgress } from '../evaluate/run/respond.ts';
import { showDuration, showNumber, showWhole } from '../report/format.ts';
import { MovingAverage } from '../report/moving-average.ts';
import type { Output } from './command.ts';
import { StatusLine } from './status-line.ts';

/** Batches that the pace is averaged over. */
const SPAN = 8;
const SEPARATOR = ' · ';

export class EvaluateProgress {
  readonly #line: StatusLine;
  readonly #now: () => number;
  readonly #task: string;
  /** Of a batch. */
  readonly #seconds = new MovingAverage(SPAN);
  readonly #rows = new MovingAverage(SPAN);
  readonly #tokens = new MovingAverage(SPAN);
  #last: (RunProgress & { readonly at: number }) | null = null;

  constructor(task: string, output: Output, now: () => number = () => performance.now()) {
    this.#task = task;
    this.#line = new StatusLine(output, now);
    this.#now = now;
  }

  /** To be called at the beginning and after every batch. */
  report(progress: RunProgress): void {
    const at = this.#now();
    const isFirst = this.#last === null;
    if (this.#last) {
      this.#seconds.add((at - this.#last.at) / 1000);
      this.#rows.add(progress.done - this.#last.done);
      this.#tokens.add(progress.tokens - this.#last.tokens);
    } else {
      this.#line.begin();
    }
    this.#last = { ...progress, at };
    if (this.#line.isDue || (isFirst && this.#line.isBar))
      this.#line.show(progress.done / Math.max(1, progress.count), this.#describe(progress));
  }

  /** Takes the bar away, before something else is printed. */
  clear(): void {
    this.#line.clear();
  }

  /** The most important first; what finds no room on the screen is left out whole. */
  #describe({ done, count }: RunProgress): string {
    const left = ((count - done) * this.#seconds.value) / this.#rows.value;
    const pace = this.#tokens.value / this.#seconds.value;
    const parts = [
      `${this.#task} ${showWhole(done)}/${showWhole(count)}`,
      ...(Number.isFinite(left) && done < count ? [`${showDuration(left)} left`] : []),
      ...(Number.isFinite(pace) ? [`${showNumber(pace, 3)} tokens/s`] : []),
    ];
    while (parts.length > 1 && parts.join(SEPARATOR).length > this.#line.room) parts.pop();
    return parts.join(SEPARATOR);
  }
}
