/** Random choices that depend on nothing but a seed and the numbers of a stream, the same on every runtime. */
import { philox } from '../engine/random.ts';

export class Random {
  readonly #key: readonly [number, number];
  readonly #stream: readonly [number, number, number];
  #block = 0;
  #words: readonly number[] = [];
  #used = 0;

  /** @param stream three numbers below 2³² that set this stream apart from all others of the seed */
  constructor(seed: number, stream: readonly [number, number, number]) {
    this.#key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
    this.#stream = stream;
  }

  /** A whole number below `count`. */
  below(count: number): number {
    return Math.floor((this.#word() / 2 ** 32) * count);
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.#word() / 2 ** 32 < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  /** An index, as often as its weight says; weights are not negative and not all zero. */
  weighted(weights: readonly number[]): number {
    let left = (this.#word() / 2 ** 32) * weights.reduce((sum, weight) => sum + weight, 0);
    for (let i = 0; i < weights.length; i++) {
      if (left < weights[i]) return i;
      left -= weights[i];
    }
    return weights.findLastIndex((weight) => weight > 0);
  }

  shuffled<T>(list: readonly T[]): T[] {
    const result = [...list];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [result[i], result[j]] = [result[j], result[i]];
    }
    return result;
  }

  #word(): number {
    if (this.#used === this.#words.length) {
      this.#words = philox([this.#block++, ...this.#stream], this.#key);
      this.#used = 0;
    }
    return this.#words[this.#used++];
  }
}
