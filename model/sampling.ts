/** Drawing a token from logits: temperature and nucleus (top-p) sampling, reproducible by seed. */
import { bannedLogit } from '../engine/index.ts';
import { uniform } from '../engine/random.ts';

export interface SamplingOptions {
  /** Logits are divided by it; below 1 sharpens. */
  readonly temperature: number;
  /** The smallest set of tokens whose probabilities reach this sum takes part. */
  readonly topP: number;
  readonly seed: number;
}

/** Throws for values that make no sense. */
export function checkSampling({ temperature, topP, seed }: SamplingOptions): void {
  if (!(temperature > 0) || !Number.isFinite(temperature))
    throw new Error(`temperature must be a positive number, got ${temperature}`);
  if (!(topP > 0 && topP <= 1)) throw new Error(`top-p must lie above 0 and not above 1, got ${topP}`);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`the seed must be a whole number, got ${seed}`);
}

/** Tokens are sorted only within a class of them: those whose logits, divided by the temperature, lie so near each other. */
const classWidth = 1 / 16;
/** The last one takes whatever is less likely by a factor of e³² or more. */
const classCount = 513;

/** The token for row `row` at step `step`. Banned logits never win. */
export function sampleToken(
  logits: ArrayLike<number>,
  { temperature, topP, seed }: SamplingOptions,
  row: number,
  step: number,
): number {
  const classes = new TokenClasses(logits, temperature);
  const wanted = topP * classes.total;
  // whole classes of the nucleus, then the one in which it ends
  let edge = 0;
  let before = 0;
  while (edge < classes.last && before + classes.masses[edge] < wanted) before += classes.masses[edge++];
  const { ids, mass } = classes.likeliest(edge, wanted - before);
  const drawn = uniform(seed, row, step) * (before + mass);
  let place = 0;
  let passed = 0;
  while (place < edge && passed + classes.masses[place] <= drawn) passed += classes.masses[place++];
  return classes.pick(place < edge ? classes.sorted(place) : ids, drawn - passed);
}

/** Tokens that can be drawn, the likeliest classes first. */
class TokenClasses {
  /** Of the softmax's numerators. */
  readonly total: number;
  readonly masses = new Float64Array(classCount);
  /** The last class that has a token. */
  readonly last: number;
  readonly #weights: Float64Array;
  /** Of each token; −1 for those that cannot be drawn. */
  readonly #classes: Int16Array;

  constructor(logits: ArrayLike<number>, temperature: number) {
    const count = logits.length;
    this.#weights = new Float64Array(count);
    this.#classes = new Int16Array(count).fill(-1);
    let largest = -Infinity;
    for (let id = 0; id < count; id++) largest = Math.max(largest, logits[id]);
    let last = -1;
    let total = 0;
    for (let id = 0; id < count; id++) {
      if (logits[id] <= bannedLogit / 2) continue;
      const distance = (largest - logits[id]) / temperature;
      const weight = Math.exp(-distance);
      if (!(weight > 0)) continue;
      const own = Math.min(classCount - 1, Math.floor(distance / classWidth));
      this.#weights[id] = weight;
      this.#classes[id] = own;
      this.masses[own] += weight;
      last = Math.max(last, own);
      total += weight;
    }
    if (last < 0)
      throw new Error(
        'no token can be drawn: every logit is banned or not a number; are the weights of the model sound?',
      );
    this.last = last;
    this.total = total;
  }

  /** The tokens of a class, the likeliest first, of equally likely ones the first. */
  sorted(place: number): number[] {
    const ids: number[] = [];
    for (let id = this.#classes.indexOf(place); id >= 0; id = this.#classes.indexOf(place, id + 1)) ids.push(id);
    return ids.sort((a, b) => this.#weights[b] - this.#weights[a] || a - b);
  }

  /** As few of a class as reach this mass together, at least one; all where they do not. */
  likeliest(place: number, wanted: number): { ids: number[]; mass: number } {
    const ids = this.sorted(place);
    let mass = 0;
    let count = 0;
    while (count < ids.length && (count === 0 || mass < wanted)) mass += this.#weights[ids[count++]];
    return { ids: ids.slice(0, count), mass };
  }

  /** The one of these tokens at which their masses, one after another, pass `drawn`. */
  pick(ids: readonly number[], drawn: number): number {
    let passed = 0;
    for (const id of ids) {
      passed += this.#weights[id];
      if (passed > drawn) return id;
    }
    return ids[ids.length - 1];
  }
}
