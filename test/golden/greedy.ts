/** Greedy runs with what is stored of each step: chosen token, margin, the likeliest tokens, banned tokens. */
import { bannedLogit, banRepeated } from '../../engine/ops/index.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { TokenBatch } from '../../model/batch.ts';
import type { GeneratedRow, Generator } from '../../model/generate.ts';
import type { Kosmos2 } from '../../model/kosmos2.ts';
import type { GoldenCase } from './case.ts';
import { equalCase, type Json } from './json.ts';
import { deviationCase } from './tensor-file.ts';

/** Absolute, for log-probabilities and scores. */
export const LOG_PROBABILITY_TOLERANCE = 1e-4;

export interface GreedyRun extends GeneratedRow {
  readonly prompt: readonly number[];
  readonly ngram: number;
  /** Raw logits of every step. */
  readonly logits: readonly Float32Array[];
}

export interface GreedySettings {
  readonly maxNewTokens: number;
  readonly ngram: number;
}

/** One row that is not padded, with the mask of its image slots (if any). */
export function singleRow(inputIds: number[], slotMask: number[] | null | undefined): TokenBatch {
  return {
    inputIds: [inputIds],
    attentionMask: [inputIds.map(() => 1)],
    imageEmbedsPositionMask: slotMask ? [slotMask] : undefined,
  };
}

export async function runGreedily(
  generator: Generator,
  batch: TokenBatch,
  images: Tensor | null,
  { maxNewTokens, ngram }: GreedySettings,
): Promise<GreedyRun> {
  const logits: Float32Array[] = [];
  const [row] = await generator.generate(batch, images, {
    maxNewTokens,
    noRepeatNgramSize: ngram,
    inspect: (values) => logits.push(values),
  });
  return { ...row, prompt: batch.inputIds[0], ngram, logits };
}

/** Compares a run with a stored one: its ids and, step by step, what led to them. */
export async function checkGreedy(name: string, model: Kosmos2, run: GreedyRun, stored: Json): Promise<GoldenCase[]> {
  const steps: Json[] = stored.steps;
  const count = Math.min(steps.length, run.ids.length);
  const banned = await bannedTokens(model, run, count);
  let topDeviation = 0;
  let marginDeviation = 0;
  let smallestMargin = Infinity;
  for (const [i, step] of steps.slice(0, count).entries()) {
    const scores = logProbabilities(run.logits[i], banned[i]);
    const ranked = largest(scores, Math.max(2, step.top5.length));
    const margin = scores[ranked[0]] - scores[ranked[1]];
    smallestMargin = Math.min(smallestMargin, margin);
    marginDeviation = Math.max(marginDeviation, Math.abs(margin - step.margin));
    topDeviation = Math.max(topDeviation, deviationOfTop(scores, ranked, step.top5));
  }
  marginDeviation = Math.max(marginDeviation, Math.abs(smallestMargin - stored.min_margin));
  const sorted = (ids: number[]) => [...ids].sort((a, b) => a - b);
  return [
    equalCase(`${name} ids`, run.ids, stored.generated_ids),
    equalCase(
      `${name} tokens of the steps`,
      run.ids,
      steps.map(({ token }) => token),
    ),
    deviationCase(`${name} likeliest tokens`, topDeviation, LOG_PROBABILITY_TOLERANCE),
    deviationCase(`${name} margins`, marginDeviation, LOG_PROBABILITY_TOLERANCE),
    equalCase(
      `${name} banned tokens`,
      banned.map(sorted),
      steps.slice(0, count).map((step) => sorted(step.banned)),
    ),
  ];
}

/** The tokens that the engine's n-gram rule bans in each step. */
async function bannedTokens({ device, config }: Kosmos2, run: GreedyRun, steps: number): Promise<number[][]> {
  if (run.ngram === 0 || steps === 0) return Array.from({ length: steps }, () => []);
  const { vocabSize } = config.text;
  const tokens = [...run.prompt, ...run.ids];
  const lengths = Array.from({ length: steps }, (_, i) => run.prompt.length + i);
  const histories = lengths.flatMap((length) => tokens.map((id, at) => (at < length ? id : 0)));
  const made = [
    device.zeros([steps, vocabSize]),
    device.tensor(Int32Array.from(histories), [steps, tokens.length]),
    device.tensor(Int32Array.from(lengths.flatMap((length) => [0, length])), [steps, 2]),
  ];
  const allowed = banRepeated(made[0], made[1], made[2], run.ngram);
  const values = (await allowed.read()) as Float32Array;
  for (const tensor of [...made, allowed]) tensor.dispose();
  return lengths.map((_, row) => {
    const ids: number[] = [];
    for (let id = 0; id < vocabSize; id++) if (values[row * vocabSize + id] <= bannedLogit / 2) ids.push(id);
    return ids;
  });
}

/** Log-softmax over the whole vocabulary in float64; banned tokens get −∞ then, without renormalising. */
function logProbabilities(logits: Float32Array, banned: readonly number[]): Float64Array {
  const top = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const shift = top + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - top), 0));
  const scores = Float64Array.from(logits, (value) => value - shift);
  for (const id of banned) scores[id] = -Infinity;
  return scores;
}

/** The `count` indices of the largest values, largest first. */
function largest(values: Float64Array, count: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (best.length === count && !(values[i] > values[best[count - 1]])) continue;
    let at = best.length;
    while (at > 0 && values[i] > values[best[at - 1]]) at--;
    best.splice(at, 0, i);
    if (best.length > count) best.pop();
  }
  return best;
}

/**
 * Compares the stored `[id, log-probability]` pairs, likeliest first. Where another id stands at a rank the two are
 * exchanged, which is right only as far as their values agree: each stored id must have its value, and each rank too.
 */
function deviationOfTop(scores: Float64Array, ranked: readonly number[], top: [number, number][]): number {
  let deviation = 0;
  for (const [rank, [id, value]] of top.entries()) {
    deviation = Math.max(deviation, Math.abs(scores[id] - value), Math.abs(scores[ranked[rank]] - value));
  }
  return deviation;
}
