/** Progress on standard error: a bar on a terminal, a line now and then elsewhere. */
import type { Output } from './command.ts';

/** Shorter stages are over before anybody wonders. */
const FIRST_AFTER = 500;
/** Between two states of the bar, and between two lines of a log. */
const BAR_EVERY = 100;
const LINE_EVERY = 10_000;

export class Progress {
  readonly #output: Output;
  readonly #now: () => number;
  #stage = '';
  #began = 0;
  #last = 0;
  #barShown = false;

  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
  }

  /** `done` of `all`, in bytes or in pieces. The stage is named by `what`. */
  report(what: string, done: number, all: number, unit: 'bytes' | 'pieces' = 'pieces'): void {
    const now = this.#now();
    if (what !== this.#stage) {
      this.clear();
      this.#stage = what;
      this.#began = now;
      this.#last = now;
    }
    if (now - this.#began < FIRST_AFTER || all <= 0) return;
    const every = this.#output.isTTY ? BAR_EVERY : LINE_EVERY;
    if (now - this.#last < every && done < all) return;
    this.#last = now;
    const show = unit === 'bytes' ? showBytes : String;
    const line = `${what} ${Math.floor((100 * done) / all)} % (${show(done)} of ${show(all)})`;
    if (this.#output.isTTY) this.#bar(done / all, line);
    else if (done < all) this.#output.write(`${line}\n`);
  }

  /** Takes the bar away, before something else is printed. */
  clear(): void {
    if (this.#barShown) this.#output.write('\r\x1b[K');
    this.#barShown = false;
    this.#stage = '';
  }

  #bar(share: number, line: string): void {
    const width = 20;
    const full = Math.round(Math.min(1, share) * width);
    const text = `${'█'.repeat(full)}${'░'.repeat(width - full)} ${line}`;
    this.#output.write(`\r${text.slice(0, (this.#output.columns || 80) - 1)}\x1b[K`);
    this.#barShown = true;
  }
}

function showBytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
