/** Inputs of the works: the same numbers in every process, without sending any. */
import { hashText } from '../data/hash.ts';
import type { Kosmos2Config } from '../model/index.ts';
import { namedLeaves, parameterShapes } from '../model/index.ts';
import type { AttentionWork, MatmulWork, TrainingWork } from './works.ts';

/** Uniform numbers in ±bound by a 32-bit xorshift generator; each name is a stream of its own. */
export function randomValues(name: string, count: number, bound = 1): Float32Array {
  let state = hashText(name) | 1;
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state / 2 ** 31) * bound;
  });
}

/** Whole numbers from 0 to limit − 1. */
export function randomIds(name: string, count: number, limit: number): Int32Array {
  return Int32Array.from(randomValues(name, count), (value) =>
    Math.min(limit - 1, Math.floor((0.5 + value / 2) * limit)),
  );
}

export interface Matrix {
  readonly data: Float32Array;
  readonly shape: readonly [number, number];
}

/** With `half` all values are exact in f16, so that storing them so changes nothing. */
export function matmulInputs({ M, N, K, transposeA, transposeB, half }: MatmulWork): { a: Matrix; b: Matrix } {
  const values = (name: string, count: number) => {
    const full = randomValues(name, count);
    return half ? full.map((value) => Math.round(value * 1024) / 1024) : full;
  };
  return {
    a: { data: values('a', M * K), shape: transposeA ? [K, M] : [M, K] },
    b: { data: values('b', K * N), shape: transposeB ? [N, K] : [K, N] },
  };
}

/** Query, key, value and the gradient of the output, each [length, heads · headDim]. */
export function attentionInputs({
  heads,
  length,
  headDim,
}: AttentionWork): Record<'q' | 'k' | 'v' | 'g', Float32Array> {
  const values = (name: string) => randomValues(name, length * heads * headDim, 2);
  return { q: values('q'), k: values('k'), v: values('v'), g: values('g') };
}

export interface TokenRows {
  /** [batch · length]. */
  readonly ids: Int32Array;
  /** What each position should predict. */
  readonly labels: Int32Array;
}

export function trainingTokens({ batch, length, vocabulary }: TrainingWork): TokenRows {
  return {
    ids: randomIds('ids', batch * length, vocabulary),
    labels: randomIds('labels', batch * length, vocabulary),
  };
}

export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Weights by their names in the checkpoint, at scales at which signals keep their size from layer to layer. */
export function modelWeights(
  config: Kosmos2Config,
  wanted: (name: string) => boolean = () => true,
): Map<string, NamedArray> {
  const named = [...namedLeaves(parameterShapes(config))].filter(([name]) => wanted(name));
  return new Map(named.map(([name, { shape }]) => [name, { shape, data: weightValues(name, shape) }]));
}

function weightValues(name: string, shape: readonly number[]): Float32Array {
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (/(norm\d?|_ln|layrnorm)\.weight$/.test(name)) return randomValues(name, count, 0.1).map((value) => 1 + value);
  if (shape.length === 1) return randomValues(name, count, 0.1);
  const fanIn = count / shape[0];
  return randomValues(name, count, Math.sqrt(3 / fanIn));
}
