/** Progress on standard error: a bar on a terminal, a line now and then elsewhere. */
import type { Output } from './command.ts';
import { showBytes } from './format.ts';
import { StatusLine } from './status-line.ts';

/** Shorter stages are over before anybody wonders. */
const FIRST_AFTER = 500;

export class Progress {
  readonly #line: StatusLine;
  readonly #now: () => number;
  #stage = '';
  #began = 0;

  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#line = new StatusLine(output, now);
    this.#now = now;
  }

  /** `done` of `all`, in bytes or in pieces. The stage is named by `what`. */
  report(what: string, done: number, all: number, unit: 'bytes' | 'pieces' = 'pieces'): void {
    if (what !== this.#stage) {
      this.clear();
      this.#stage = what;
      this.#began = this.#now();
      this.#line.begin();
    }
    if (this.#now() - this.#began < FIRST_AFTER || all <= 0) return;
    const isDone = done >= all;
    // a bar is seen to be full, a log does without a line for it
    if (isDone ? !this.#line.isBar : !this.#line.isDue) return;
    const show = unit === 'bytes' ? showBytes : String;
    this.#line.show(done / all, `${what} ${Math.floor((100 * done) / all)} % (${show(done)} of ${show(all)})`);
  }

  /** Takes the bar away, before something else is printed. */
  clear(): void {
    this.#line.clear();
    this.#stage = '';
  }
}
