/** A line that says how far something is: with a bar and redrawn in place on a terminal, repeated now and then elsewhere. */
import type { Output } from './command.ts';

/** Milliseconds between two states of the bar, and between two lines of a log. */
const BAR_EVERY = 100;
const LINE_EVERY = 10_000;
const BAR_WIDTH = 20;

export class StatusLine {
  readonly #output: Output;
  readonly #now: () => number;
  #last = Number.NEGATIVE_INFINITY;
  #barShown = false;

  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
  }

  /** Counts the time to the next state from now. */
  begin(): void {
    this.#last = this.#now();
  }

  /** The last state is old enough for another. */
  get isDue(): boolean {
    return this.#now() - this.#last >= (this.isBar ? BAR_EVERY : LINE_EVERY);
  }

  get isBar(): boolean {
    return this.#output.isTTY === true;
  }

  /** Characters that a line may have; more would be cut off beside the bar. */
  get room(): number {
    return this.isBar ? (this.#output.columns || 80) - 1 - BAR_WIDTH - 1 : Number.POSITIVE_INFINITY;
  }

  show(share: number, line: string): void {
    this.#last = this.#now();
    if (!this.isBar) {
      this.#output.write(`${line}\n`);
      return;
    }
    const full = Math.round(Math.min(1, share) * BAR_WIDTH);
    const text = `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${line}`;
    this.#output.write(`\r${text.slice(0, (this.#output.columns || 80) - 1)}\x1b[K`);
    this.#barShown = true;
  }

  /** Takes the bar away, before something else is printed. */
  clear(): void {
    if (this.#barShown) this.#output.write('\r\x1b[K');
    this.#barShown = false;
  }
}
