/** Random choices in a row, the same on every machine. */
import { uniforms } from '../../../engine/index.ts';

/** Throws that are made together. */
const BLOCK = 64;
/** Half of the throws are below 2 ** −1.7, about 0.3. */
const EARLY = 1.7;

export class Dice {
  readonly #seed: number;
  readonly #stream: number;
  #block: Float32Array = new Float32Array(0);
  #thrown = 0;

  /** Dice of another seed or stream fall independently. */
  constructor(seed: number, stream: number) {
    this.#seed = seed;
    this.#stream = stream;
  }

  /** From 0 to below 1. */
  throw(): number {
    const at = this.#thrown++ % BLOCK;
    if (at === 0) this.#block = uniforms(this.#seed, this.#stream, this.#thrown - 1, BLOCK);
    return this.#block[at]!;
  }

  chance(probability: number): boolean {
    return this.throw() < probability;
  }

  /** One entry of a list, all equally likely. */
  of<T>(entries: readonly T[]): T {
    if (entries.length === 0) throw new Error('there is nothing to choose from');
    return entries[Math.floor(this.throw() * entries.length)]!;
  }

  /** One entry of a list whose first entries are the more likely ones: half of the time it is of the first three tenths. */
  early<T>(entries: readonly T[]): T {
    return entries[Math.floor(this.throw() ** EARLY * entries.length)]!;
  }

  /** One key; the numbers say how likely each is beside the others. */
  weighed<Key extends string>(weights: Readonly<Partial<Record<Key, number>>>): Key {
    const entries = Object.entries(weights) as [Key, number][];
    let rest = this.throw() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      rest -= weight;
      if (rest < 0) return key;
    }
    return entries[entries.length - 1]![0];
  }
}
