/** What the works should give, in float64 where nothing else is said, and how far results lie from it. */
import type { HostData } from '../engine/dtype.ts';
import { Graph } from '../engine/graph.ts';
import { adamwSettings, mapTree, Tensor } from '../engine/index.ts';
import { attentionReference as attentionOpReference } from '../engine/reference/attention.ts';
import { attentionGradientReference } from '../engine/reference/attention-gradient.ts';
import { worstDeviation } from '../engine/reference/case-data.ts';
import type { ReferenceArray } from '../engine/reference/op-reference.ts';
import { parameterShapes } from '../model/index.ts';
import type { DecoderParameters } from '../model/parameters.ts';
import { interpret } from '../test/engine/interpret.ts';
import { attentionInputs, matmulInputs, modelWeights, randomValues } from './data.ts';
import { type TrainingRows, type TrainingState, trainingRows, trainingStep } from './engines/own/training.ts';
import { comparedLosses, trainingConfig, trainingSettings } from './models.ts';
import type { AttentionWork, MatmulWork, TrainingWork, Work } from './works.ts';

/** How far an engine's outputs lie from what they should be, relative to the largest value (or 1); NaN for what is no number. */
export type Check = (outputs: readonly Float32Array[]) => number;

/**
 * The check of a work. `common` gives outputs of another engine that count as the reference where float64 would take too long: the whole forward pass, and the
 * losses behind the first one; null where there are none, and then the check is null as well if nothing else is known.
 */
export function checkOf(work: Work, common: readonly Float32Array[] | null): Check | null {
  switch (work.kind) {
    case 'matmul':
      return matmulCheck(work);
    case 'attention':
      return againstValues(attentionReference(work));
    case 'forward':
      return common && againstValues(common.map((values) => Float64Array.from(values)));
    case 'training':
      return againstValues([trainingReference(work, common?.[0] ?? null)]);
  }
}

function againstValues(expected: readonly Float64Array[]): Check {
  return (outputs) => {
    if (outputs.length !== expected.length) return Number.NaN;
    const deviations = expected.map((values, i) =>
      outputs[i].length >= values.length ? worstDeviation(outputs[i], values).relative : Number.NaN,
    );
    return Math.max(...deviations);
  };
}

/**
 * Freivalds' check: C·r against A·(B·r) for random vectors r of ±1. Every element of C counts, at the cost of reading the matrices a few times. The
 * difference is told relative to the length of the longest row of C, the size that C·r has.
 */
function matmulCheck(work: MatmulWork): Check {
  const { M, N, K } = work;
  const { a, b } = matmulInputs(work);
  const vectors = ['first', 'second'].map((name) => Float64Array.from(randomValues(name, N), Math.sign));
  const ones = new Float64Array(N).fill(1);
  const expected = vectors.map((r) => times(a.data, M, K, work.transposeA, times(b.data, K, N, work.transposeB, r)));
  return ([c]) => {
    if (c.length !== M * N) return Number.NaN;
    const longest = Math.sqrt(
      Math.max(
        ...times(
          c.map((value) => value * value),
          M,
          N,
          false,
          ones,
        ),
      ),
    );
    const differences = vectors.flatMap((r, i) =>
      Array.from(times(c, M, N, false, r), (value, row) => Math.abs(value - expected[i][row])),
    );
    return Math.max(...differences) / longest;
  };
}

/** The product of a matrix [rows, columns], or stored as its transpose, with a vector. */
function times(
  matrix: Float32Array,
  rows: number,
  columns: number,
  transposed: boolean,
  vector: Float64Array,
): Float64Array {
  const [rowStep, columnStep] = transposed ? [1, rows] : [columns, 1];
  const product = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++)
      sum += matrix[row * rowStep + column * columnStep] * vector[column];
    product[row] = sum;
  }
  return product;
}

function attentionReference(work: AttentionWork): Float64Array[] {
  const { heads, length, headDim, causal, backward } = work;
  const shape = [1, length, heads * headDim];
  const attributes = { heads, causal, scale: 1 / Math.sqrt(headDim) };
  const reference = (values: ArrayLike<number>): ReferenceArray => ({ shape, data: Float64Array.from(values) });
  const inputs = attentionInputs(work);
  const [q, k, v, g] = [inputs.q, inputs.k, inputs.v, inputs.g].map(reference);
  const abstracts = [shape, [1, heads, length]].map((own) => ({ shape: own, dtype: 'f32' as const }));
  const [out, sums] = attentionOpReference.values([q, k, v], attributes, abstracts);
  if (!backward) return [out];
  const saved = [reference(out), { shape: abstracts[1].shape, data: sums }];
  return [
    out,
    ...attentionGradientReference.values(
      [q, k, v, ...saved, g],
      attributes,
      [q, k, v].map(() => abstracts[0]),
    ),
  ];
}

/** Multiplications of a forward pass up to which three whole steps are done in float64, and up to which the first loss alone is. */
const cheapTraining = { steps: 1e7, firstLoss: 2e10 };

function trainingReference(work: TrainingWork, common: Float32Array | null): Float64Array {
  const { layers, width, batch, length, vocabulary } = work;
  const products = batch * length * width * (12 * width * layers + vocabulary);
  if (products <= cheapTraining.steps) return float64Losses(work, comparedLosses);
  if (common && products > cheapTraining.firstLoss) return Float64Array.from(common);
  const [first] = float64Losses(work, 1);
  return Float64Array.of(first, ...(common?.subarray(1) ?? []));
}

/** Losses of a work's first steps, by the float64 references of the ops. */
function float64Losses(work: TrainingWork, count: number): Float64Array {
  const losses = new Float64Array(count);
  let state = freshState(work);
  for (let step = 1; step <= count; step++) {
    const { loss, next } = float64Step(work, state, step, step < count);
    losses[step - 1] = loss;
    state = next;
  }
  return losses;
}

interface ReferenceState {
  readonly parameters: readonly ReferenceArray[];
  readonly first: readonly ReferenceArray[];
  readonly second: readonly ReferenceArray[];
}

function freshState(work: TrainingWork): ReferenceState {
  const weights = [...modelWeights(trainingConfig(work), (name) => name.startsWith('text_model.')).values()];
  const parameters = weights.map(({ shape, data }) => ({ shape, data: Float64Array.from(data) }));
  const zeros = parameters.map(({ shape, data }) => ({ shape, data: new Float64Array(data.length) }));
  return { parameters, first: zeros, second: zeros };
}

function float64Step(work: TrainingWork, state: ReferenceState, step: number, update: boolean) {
  const config = trainingConfig(work);
  const graph = new Graph();
  const values: ReferenceArray[] = [];
  const argument = (array: ReferenceArray, dtype: 'f32' | 'i32') => {
    values.push(array);
    return Tensor.traced(graph, graph.addArgument({ shape: array.shape, dtype }));
  };
  const treeOf = (arrays: readonly ReferenceArray[]) => {
    let next = 0;
    const shapes = parameterShapes(config).text_model.model;
    return mapTree(shapes, () => argument(arrays[next++], 'f32')) as unknown as DecoderParameters;
  };
  const hosted = <T>(tree: unknown): T =>
    mapTree(tree, (leaf) => {
      const { data, shape } = leaf as { data: HostData; shape: readonly number[] };
      return argument({ shape, data: Float64Array.from(data) }, data instanceof Float32Array ? 'f32' : 'i32');
    }) as T;
  const traced: TrainingState = {
    parameters: treeOf(state.parameters),
    moments: { first: treeOf(state.first), second: treeOf(state.second) },
  };
  const rows = hosted<TrainingRows>({ ...trainingRows(work, config.text) });
  const settings = hosted<Tensor>(adamwSettings({ ...trainingSettings, step }));
  const result = trainingStep(config.text)(traced, rows, settings);
  const valuesOf = (tree: unknown) => {
    const tensors: Tensor[] = [];
    mapTree(tree, (leaf) => tensors.push(leaf as Tensor));
    return tensors.map((tensor) => tensor.trace!.value);
  };
  const trees = update
    ? [result.state.parameters, result.state.moments.first, result.state.moments.second].map(valuesOf)
    : [];
  const [loss, ...rest] = interpret(graph, [result.loss.trace!.value, ...trees.flat()], values);
  const count = state.parameters.length;
  const part = (at: number) => rest.slice(at * count, (at + 1) * count);
  return { loss: loss.data[0], next: { parameters: part(0), first: part(1), second: part(2) } };
}
