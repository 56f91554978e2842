/** How far a run over pairs is, on standard error. */
import type { RunProgress } from '../../data/grit/index.ts';
import { showNumber, showWhole } from '../../report/format.ts';
import type { Output } from '../command.ts';
import { StatusLine } from '../status-line.ts';

export class GritProgress {
  readonly #line: StatusLine;
  #first: { readonly at: number; readonly pairs: number } | null = null;

  constructor(output: Output) {
    this.#line = new StatusLine(output);
    this.#line.begin();
  }

  /** To be called after every batch. */
  report({ pairs, records, share }: RunProgress): void {
    const at = performance.now();
    this.#first ??= { at, pairs };
    if (!this.#line.isDue) return;
    const rate = (1000 * (pairs - this.#first.pairs)) / (at - this.#first.at);
    const pace = Number.isFinite(rate) ? ` · ${showNumber(rate, 3)} pairs/s` : '';
    this.#line.show(share ?? 0, `${showWhole(pairs)} pairs · ${showWhole(records)} records${pace}`);
  }

  /** Takes the bar away, before something else is printed. */
  clear(): void {
    this.#line.clear();
  }
}
