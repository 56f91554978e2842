/** How long steps take, by which is chosen whether the next one is submitted before the token of the last one is read. */

/** A step that takes longer, in milliseconds, gains less by what the host does meanwhile than it costs where it is for nothing. */
const longestAhead = 50;

export class StepPace {
  /** Of the last step, in milliseconds. */
  #took = Infinity;
  #since = 0;

  get isShort(): boolean {
    return this.#took < longestAhead;
  }

  /** A step is submitted, and nothing else is under way. */
  begin(): void {
    this.#since = performance.now();
  }

  /** The token of a step is there; the next step may be under way. */
  end(): void {
    const now = performance.now();
    this.#took = now - this.#since;
    this.#since = now;
  }
}
