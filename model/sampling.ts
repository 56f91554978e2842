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

/** The token for row `row` at step `step`. Banned logits never win. */
export function sampleToken(
  logits: ArrayLike<number>,
  { temperature, topP, seed }: SamplingOptions,
  row: number,
  step: number,
): number {
  let largest = -Infinity;
  for (let id = 0; id < logits.length; id++) largest = Math.max(largest, logits[id]);
  const candidates: { id: number; weight: number }[] = [];
  let total = 0;
  for (let id = 0; id < logits.length; id++) {
    const weight = logits[id] <= bannedLogit / 2 ? 0 : Math.exp((logits[id] - largest) / temperature);
    total += weight;
    if (weight > 0) candidates.push({ id, weight });
  }
  if (candidates.length === 0) {
    throw new Error(
      'no token can be drawn: every logit is banned or not a number; are the weights of the model sound?',
    );
  }
  candidates.sort((a, b) => b.weight - a.weight || a.id - b.id);
  let mass = 0;
  let count = 0;
  while (count < candidates.length && mass < topP * total) mass += candidates[count++].weight;
  let rest = uniform(seed, row, step) * mass;
  for (let i = 0; i < count; i++) {
    rest -= candidates[i].weight;
    if (rest < 0) return candidates[i].id;
  }
  return candidates[count - 1].id;
}
