/** An exponential moving average without the pull of its first value. */
export class MovingAverage {
  readonly #decay: number;
  #sum = 0;
  #weight = 0;

  /** @param span how many values it mostly covers: each counts 1 − 1/span of the one after it */
  constructor(span: number) {
    this.#decay = 1 - 1 / span;
  }

  /** Returns the average with this value; values that are not finite are left out. */
  add(value: number): number {
    if (Number.isFinite(value)) {
      this.#sum = this.#sum * this.#decay + value;
      this.#weight = this.#weight * this.#decay + 1;
    }
    return this.value;
  }

  /** NaN before the first value. */
  get value(): number {
    return this.#sum / this.#weight;
  }
}
