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

/** Every value as the mean of all, each weighing 1 − 1/span of its neighbour that is nearer; without the lag of a moving average. */
export function smoothedValues(values: readonly number[], span: number): number[] {
  const decay = 1 - 1 / span;
  const before = decayingSums(values, decay);
  const after = decayingSums(values.toReversed(), decay).reverse();
  return values.map((value, i) => {
    const own = Number.isFinite(value);
    const sum = before[i].sum + after[i].sum - (own ? value : 0);
    return sum / (before[i].weight + after[i].weight - (own ? 1 : 0));
  });
}

function decayingSums(values: readonly number[], decay: number): { sum: number; weight: number }[] {
  let [sum, weight] = [0, 0];
  return values.map((value) => {
    const own = Number.isFinite(value);
    sum = sum * decay + (own ? value : 0);
    weight = weight * decay + (own ? 1 : 0);
    return { sum, weight };
  });
}
