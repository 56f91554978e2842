/** Elementwise ops in float64: a value each, and the ranges in which they are tried. */
import { castOp, type ElementwiseName, elementwiseOps } from '../ops/elementwise.ts';
import type { Shape } from '../shape.ts';
import { erf } from './erf.ts';
import type { OpReference } from './op-reference.ts';
import { broadcastValues, input } from './support.ts';

interface Row {
  /** The value at one place. */
  value(...operands: number[]): number;
  /** Ranges of the operands, where the whole line does not do. */
  domain?: readonly [number, number];
}

/** Shapes of three operands, which the first one, two or all of them take. */
const alike: readonly Shape[][] = [
  [[5], [5], [5]],
  [
    [2, 3, 4],
    [2, 3, 4],
    [2, 3, 4],
  ],
];
const broadcast: readonly Shape[][] = [
  [[3, 8], [8], [3, 1]],
  [
    [2, 1, 5],
    [3, 1],
    [1, 1],
  ],
];

const rows: Record<ElementwiseName, Row> = {
  add: { value: (a, b) => a + b },
  sub: { value: (a, b) => a - b },
  mul: { value: (a, b) => a * b },
  div: { value: (a, b) => a / b, domain: [0.5, 2] },
  maximum: { value: Math.max },
  minimum: { value: Math.min },
  greater: { value: (a, b) => Number(a > b) },
  equal: { value: (a, b) => Number(a === b) },
  where: { value: (a, b, c) => (a !== 0 ? b : c) },
  finite: { value: (x) => Number(Number.isFinite(x)) },
  neg: { value: (x) => -x },
  abs: { value: Math.abs },
  exp: { value: Math.exp },
  log: { value: Math.log, domain: [0.3, 4] },
  sqrt: { value: Math.sqrt, domain: [0.3, 4] },
  square: { value: (x) => x * x },
  sin: { value: Math.sin },
  cos: { value: Math.cos },
  tanh: { value: Math.tanh },
  sigmoid: { value: (x) => 1 / (1 + Math.exp(-x)) },
  relu: { value: (x) => Math.max(x, 0) },
  erf: { value: erf },
  gelu: { value: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)) },
  quickGelu: { value: (x) => x / (1 + Math.exp(-1.702 * x)) },
  stopGradient: { value: (x) => x },
};

function reference(name: ElementwiseName, { value, domain: [low, high] = [-2, 2] }: Row): OpReference {
  const arity = value.length;
  const shapes = arity === 1 ? alike : [...alike, ...broadcast];
  return {
    op: elementwiseOps[name],
    values: (inputs, _, [{ shape }]) => {
      const operands = inputs.map((operand) => broadcastValues(operand, shape));
      return [operands[0].map((_, i) => value(...operands.map((data) => data[i])))];
    },
    cases: shapes.map((list) => ({ inputs: list.slice(0, arity).map((shape) => input(shape, low, high)) })),
  };
}

export const elementwiseReferences: readonly OpReference[] = Object.entries(rows).map(([name, row]) =>
  reference(name as ElementwiseName, row),
);

export const castReference: OpReference = {
  op: castOp,
  values: ([x], { dtype }) => [dtype === 'i32' || dtype === 'u32' ? x.data.map(Math.trunc) : x.data.slice()],
  cases: [
    { inputs: [input([3, 5])], attributes: { dtype: 'f32' } },
    { inputs: [input([2, 6], -100, 100)], attributes: { dtype: 'i32' } },
    { inputs: [{ shape: [7], values: [0, 1, -2, 0.5, 1024, -0.25, 3], dtype: 'f16' }], attributes: { dtype: 'f32' } },
  ],
};
