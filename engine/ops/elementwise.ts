/** Elementwise ops: each is a row with its WGSL, its float64 function and its derivative. They broadcast, and fuse with one another. */
import { applyOne, type Operand } from '../apply.ts';
import { OpError } from '../errors.ts';
import type { CaseInput, OpDefinition, ReferenceArray } from '../op.ts';
import { broadcastLayout, broadcastShapes, contiguousLayout, type Shape, sizeOf } from '../shape.ts';
import { erf as erf64 } from '../special.ts';
import type { Tensor } from '../tensor.ts';
import { sum } from './reduce.ts';
import { input } from './support.ts';
import { reshape } from './view.ts';

type Derivative = (inputs: readonly Tensor[], output: Tensor, cotangent: Tensor) => (Tensor | null)[];

interface Row {
  name: string;
  summary: string;
  wgsl(operands: readonly string[]): string;
  helpers?: readonly string[];
  /** The value at one place, in float64. */
  value(...operands: number[]): number;
  derivative: Derivative;
  /** Ranges of the operands in the tests, where the whole line does not do. */
  domain?: readonly [number, number];
  arity: 1 | 2 | 3;
}

/** The value of an operand at element `i` of `shape`. */
export function broadcastReader({ shape: own, data }: ReferenceArray, shape: Shape): (i: number) => number {
  const { strides } = broadcastLayout(contiguousLayout(own), shape);
  return (i) => {
    let at = 0;
    for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
      at += (rest % shape[axis]) * strides[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    return data[at];
  };
}

/** Sums a cotangent over the axes along which an operand of `shape` was broadcast. */
export function sumTo(tensor: Tensor, shape: Shape): Tensor {
  const missing = tensor.rank - shape.length;
  const axes = tensor.shape.flatMap((extent, axis) =>
    axis < missing || (shape[axis - missing] === 1 && extent !== 1) ? [axis] : [],
  );
  if (axes.length === 0) return tensor;
  return reshape(sum(tensor, axes, true), shape);
}

function caseInputs(row: Row, shapes: readonly Shape[]): CaseInput[] {
  const [low, high] = row.domain ?? [-2, 2];
  return shapes.map((shape) => input(shape, low, high));
}

function define(row: Row): OpDefinition {
  const shapes: Shape[][] = [
    [[5]],
    [
      [2, 3, 4],
      [2, 3, 4],
      [2, 3, 4],
    ].slice(0, row.arity),
  ];
  if (row.arity > 1)
    shapes.push(
      [[3, 8], [8], [3, 1]].slice(0, row.arity),
      [
        [2, 1, 5],
        [3, 1],
        [1, 1],
      ].slice(0, row.arity),
    );
  return {
    name: row.name,
    summary: row.summary,
    infer: (inputs) => [{ shape: broadcastShapes(row.name, ...inputs.map(({ shape }) => shape)), dtype: 'f32' }],
    vjp: ({ inputs, outputs, cotangents: [cotangent] }) => {
      if (!cotangent) return inputs.map(() => null);
      return row.derivative(inputs, outputs[0], cotangent).map((part, i) => part && sumTo(part, inputs[i].shape));
    },
    reference: (inputs, _, [{ shape }]) => {
      const readers = inputs.map((operand) => broadcastReader(operand, shape));
      return [Float64Array.from({ length: sizeOf(shape) }, (_, i) => row.value(...readers.map((read) => read(i))))];
    },
    lowering: { kind: 'elementwise', wgsl: row.wgsl, helpers: row.helpers },
    cases: shapes.filter((list) => list.length === row.arity).map((list) => ({ inputs: caseInputs(row, list) })),
  };
}

/**
 * erf to 1.2e-7 relative in erfc, by the rational Chebyshev fit of Numerical Recipes (§6.2, erfcc): one polynomial for the whole line, so
 * that the tail of GELU keeps its digits.
 */
const erfHelper = `fn erf_v(x: V) -> V {
let a = abs(x);
let t = V(1.0) / (V(1.0) + V(0.5) * a);
let tail = t * exp(-a * a - V(1.26551223) + t * (V(1.00002368) + t * (V(0.37409196) + t * (V(0.09678418) + t * (V(-0.18628806) + t * (V(0.27886807) + t * (V(-1.13520398) + t * (V(1.48851587) + t * (V(-0.82215223) + t * V(0.17087277))))))))));
return select(V(1.0) - tail, tail - V(1.0), x < V(0.0));
}`;

/** 0.5·(1 + erf(x/√2))·x, written with erfc where x is negative so that nothing cancels there. */
const geluHelper = `fn gelu_v(x: V) -> V {
let a = abs(x) * V(0.70710678118654752);
let t = V(1.0) / (V(1.0) + V(0.5) * a);
let tail = V(0.5) * t * exp(-a * a - V(1.26551223) + t * (V(1.00002368) + t * (V(0.37409196) + t * (V(0.09678418) + t * (V(-0.18628806) + t * (V(0.27886807) + t * (V(-1.13520398) + t * (V(1.48851587) + t * (V(-0.82215223) + t * V(0.17087277))))))))));
return x * select(V(1.0) - tail, tail, x < V(0.0));
}`;

const tanhHelper = `fn tanh_v(x: V) -> V { return tanh(clamp(x, V(-15.0), V(15.0))); }`;

/**
 * sin(x + quarters·π/2). WGSL promises 2⁻¹¹ for its own sin and cos (SwiftShader's are off by 4e-5), so: subtract the nearest multiple of
 * π/2, as the sum of three constants of few bits (Cody and Waite), then the polynomials of Cephes on ±π/4. To 1e-7 while |x| < 10⁴, and the same bits everywhere.
 */
const circleHelper = `fn circle_v(x: V, quarters: V) -> V {
let n = round(x * V(0.63661977));
let r = ((x - n * V(1.5703125)) - n * V(0.00048375129)) - n * V(7.5497899e-8);
let z = r * r;
let s = r + r * z * (V(-0.16666655) + z * (V(0.0083321609) + z * V(-0.0001951530)));
let c = V(1.0) - V(0.5) * z + z * z * (V(0.041666646) + z * (V(-0.0013887316) + z * V(0.000024433157)));
let turn = n + quarters;
let half = floor(turn * V(0.5));
let value = select(s, c, turn - V(2.0) * half > V(0.5));
return select(value, -value, half - V(2.0) * floor(half * V(0.5)) > V(0.5));
}`;

const binary =
  (sign: string) =>
  ([a, b]: readonly string[]) =>
    `${a} ${sign} ${b}`;
const call = (name: string) => (operands: readonly string[]) => `${name}(${operands.join(', ')})`;
const truth = (test: (a: string, b: string) => string) => (operands: readonly string[]) =>
  `select(V(0.0), V(1.0), ${test(operands[0], operands[1])})`;
const noGradient: Derivative = (inputs) => inputs.map(() => null);

type Name =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'maximum'
  | 'minimum'
  | 'greater'
  | 'equal'
  | 'where'
  | 'finite'
  | 'neg'
  | 'abs'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'square'
  | 'sin'
  | 'cos'
  | 'tanh'
  | 'sigmoid'
  | 'relu'
  | 'erf'
  | 'gelu'
  | 'quickGelu'
  | 'stopGradient';

const rows: Record<Name, Omit<Row, 'name'>> = {
  add: { arity: 2, summary: 'a + b', wgsl: binary('+'), value: (a, b) => a + b, derivative: (_, __, g) => [g, g] },
  sub: { arity: 2, summary: 'a − b', wgsl: binary('-'), value: (a, b) => a - b, derivative: (_, __, g) => [g, neg(g)] },
  mul: {
    arity: 2,
    summary: 'a · b',
    wgsl: binary('*'),
    value: (a, b) => a * b,
    derivative: ([a, b], _, g) => [mul(g, b), mul(g, a)],
  },
  div: {
    arity: 2,
    summary: 'a / b',
    wgsl: binary('/'),
    value: (a, b) => a / b,
    domain: [0.5, 2],
    derivative: ([, b], y, g) => [div(g, b), neg(div(mul(g, y), b))],
  },
  maximum: {
    arity: 2,
    summary: 'the larger of a and b; the gradient of equal values goes to a',
    wgsl: call('max'),
    value: Math.max,
    derivative: ([a, b], _, g) => [mul(g, sub(1, greater(b, a))), mul(g, greater(b, a))],
  },
  minimum: {
    arity: 2,
    summary: 'the smaller of a and b; the gradient of equal values goes to a',
    wgsl: call('min'),
    value: Math.min,
    derivative: ([a, b], _, g) => [mul(g, sub(1, greater(a, b))), mul(g, greater(a, b))],
  },
  greater: {
    arity: 2,
    summary: '1 where a > b, else 0',
    wgsl: truth((a, b) => `${a} > ${b}`),
    value: (a, b) => Number(a > b),
    derivative: noGradient,
  },
  equal: {
    arity: 2,
    summary: '1 where a = b, else 0',
    wgsl: truth((a, b) => `${a} == ${b}`),
    value: (a, b) => Number(a === b),
    derivative: noGradient,
  },
  where: {
    arity: 3,
    summary: 'b where a is not 0, else c',
    wgsl: ([a, b, c]) => `select(${c}, ${b}, ${a} != V(0.0))`,
    value: (a, b, c) => (a !== 0 ? b : c),
    derivative: ([a], _, g) => [null, where(a, g, 0), where(a, 0, g)],
  },
  finite: {
    arity: 1,
    summary: '1 where x is a number, 0 where it is infinite or none',
    // by the bits: a compiler may take it that comparisons never meet a NaN
    wgsl: ([x]) => `select(V(0.0), V(1.0), (bitcast<U>(${x}) & U(0x7f800000u)) != U(0x7f800000u))`,
    value: (x) => Number(Number.isFinite(x)),
    derivative: noGradient,
  },
  neg: { arity: 1, summary: '−x', wgsl: ([x]) => `-${x}`, value: (x) => -x, derivative: (_, __, g) => [neg(g)] },
  abs: {
    arity: 1,
    summary: '|x|',
    wgsl: call('abs'),
    value: Math.abs,
    derivative: ([x], _, g) => [mul(g, sub(greater(x, 0), greater(0, x)))],
  },
  exp: { arity: 1, summary: 'eˣ', wgsl: call('exp'), value: Math.exp, derivative: (_, y, g) => [mul(g, y)] },
  log: {
    arity: 1,
    summary: 'ln x',
    wgsl: call('log'),
    value: Math.log,
    domain: [0.3, 4],
    derivative: ([x], _, g) => [div(g, x)],
  },
  sqrt: {
    arity: 1,
    summary: '√x',
    wgsl: call('sqrt'),
    value: Math.sqrt,
    domain: [0.3, 4],
    derivative: (_, y, g) => [div(mul(g, 0.5), y)],
  },
  square: {
    arity: 1,
    summary: 'x²',
    wgsl: ([x]) => `${x} * ${x}`,
    value: (x) => x * x,
    derivative: ([x], _, g) => [mul(g, mul(x, 2))],
  },
  sin: {
    arity: 1,
    summary: 'sin x',
    helpers: [circleHelper],
    wgsl: ([x]) => `circle_v(${x}, V(0.0))`,
    value: Math.sin,
    derivative: ([x], _, g) => [mul(g, cos(x))],
  },
  cos: {
    arity: 1,
    summary: 'cos x',
    helpers: [circleHelper],
    wgsl: ([x]) => `circle_v(${x}, V(1.0))`,
    value: Math.cos,
    derivative: ([x], _, g) => [neg(mul(g, sin(x)))],
  },
  tanh: {
    arity: 1,
    summary: 'tanh x',
    // far out, drivers that compute (e²ˣ − 1)/(e²ˣ + 1) give ∞/∞
    helpers: [tanhHelper],
    wgsl: call('tanh_v'),
    value: Math.tanh,
    derivative: (_, y, g) => [mul(g, sub(1, square(y)))],
  },
  sigmoid: {
    arity: 1,
    summary: '1/(1 + e⁻ˣ)',
    wgsl: ([x]) => `V(1.0) / (V(1.0) + exp(-${x}))`,
    value: (x) => 1 / (1 + Math.exp(-x)),
    derivative: (_, y, g) => [mul(g, mul(y, sub(1, y)))],
  },
  relu: {
    arity: 1,
    summary: 'max(x, 0)',
    wgsl: ([x]) => `max(${x}, V(0.0))`,
    value: (x) => Math.max(x, 0),
    derivative: ([x], _, g) => [mul(g, greater(x, 0))],
  },
  erf: {
    arity: 1,
    summary: 'the error function, by a polynomial good to 1.2e-7',
    helpers: [erfHelper],
    wgsl: call('erf_v'),
    value: erf64,
    derivative: ([x], _, g) => [mul(mul(g, 2 / Math.sqrt(Math.PI)), exp(neg(square(x))))],
  },
  gelu: {
    arity: 1,
    summary: 'x·Φ(x), exact (not the tanh approximation)',
    helpers: [geluHelper],
    wgsl: call('gelu_v'),
    value: (x) => 0.5 * x * (1 + erf64(x * Math.SQRT1_2)),
    derivative: ([x], _, g) => {
      const cumulative = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
      const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return [mul(g, add(cumulative, mul(x, density)))];
    },
  },
  quickGelu: {
    arity: 1,
    summary: 'x·σ(1.702·x), the GELU of CLIP',
    wgsl: ([x]) => `${x} / (V(1.0) + exp(V(-1.702) * ${x}))`,
    value: (x) => x / (1 + Math.exp(-1.702 * x)),
    derivative: ([x], _, g) => {
      const gate = sigmoid(mul(x, 1.702));
      return [mul(g, mul(gate, add(1, mul(mul(x, 1.702), sub(1, gate)))))];
    },
  },
  stopGradient: {
    arity: 1,
    summary: 'x, as a constant to differentiation',
    wgsl: ([x]) => x,
    value: (x) => x,
    derivative: noGradient,
  },
};

/** Records of the elementwise ops, by name. */
export const elementwiseOps = Object.fromEntries(
  Object.entries(rows).map(([name, row]) => [name, define({ ...row, name })]),
) as Record<Name, OpDefinition>;

type Unary = (x: Tensor) => Tensor;
type Binary = (a: Operand, b: Operand) => Tensor;

const unary =
  (name: Name): Unary =>
  (x) =>
    applyOne(elementwiseOps[name], [x]);
const pair =
  (name: Name): Binary =>
  (a, b) =>
    applyOne(elementwiseOps[name], [a, b]);

export const add: Binary = pair('add');
export const sub: Binary = pair('sub');
export const mul: Binary = pair('mul');
export const div: Binary = pair('div');
export const maximum: Binary = pair('maximum');
export const minimum: Binary = pair('minimum');
export const greater: Binary = pair('greater');
export const equal: Binary = pair('equal');
export const finite: Unary = unary('finite');
export const neg: Unary = unary('neg');
export const abs: Unary = unary('abs');
export const exp: Unary = unary('exp');
export const log: Unary = unary('log');
export const sqrt: Unary = unary('sqrt');
export const square: Unary = unary('square');
export const sin: Unary = unary('sin');
export const cos: Unary = unary('cos');
export const tanh: Unary = unary('tanh');
export const sigmoid: Unary = unary('sigmoid');
export const relu: Unary = unary('relu');
export const erf: Unary = unary('erf');
export const gelu: Unary = unary('gelu');
export const quickGelu: Unary = unary('quickGelu');
export const stopGradient: Unary = unary('stopGradient');

/** `yes` where `condition` is not 0, else `no`. */
export function where(condition: Tensor, yes: Operand, no: Operand): Tensor {
  return applyOne(elementwiseOps.where, [condition, yes, no]);
}

/** The record of {@link cast}. */
export const castOp: OpDefinition = {
  name: 'cast',
  summary: 'the same values as another dtype (to i32: towards zero)',
  infer: ([x], { dtype }) => {
    if (!['f32', 'f16', 'i32', 'u32'].includes(dtype as string))
      throw new OpError('cast', `unknown dtype ${String(dtype)}`);
    return [{ shape: x.shape, dtype: dtype as 'f32' }];
  },
  vjp: ({ inputs: [x], cotangents: [g] }) => [g && (x.dtype === 'f32' || x.dtype === 'f16') ? cast(g, x.dtype) : null],
  reference: ([x], { dtype }) => [dtype === 'i32' || dtype === 'u32' ? x.data.map(Math.trunc) : x.data.slice()],
  lowering: { kind: 'elementwise', wgsl: ([x]) => x },
  cases: [
    { inputs: [input([3, 5])], attributes: { dtype: 'f32' } },
    { inputs: [input([2, 6], -100, 100)], attributes: { dtype: 'i32' } },
    { inputs: [{ shape: [7], values: [0, 1, -2, 0.5, 1024, -0.25, 3], dtype: 'f16' }], attributes: { dtype: 'f32' } },
  ],
};

/** `x` with another dtype. */
export function cast(x: Tensor, dtype: Tensor['dtype']): Tensor {
  return x.dtype === dtype ? x : applyOne(castOp, [x], { dtype });
}
