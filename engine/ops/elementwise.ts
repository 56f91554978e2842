/** Elementwise ops: each is a row with its WGSL and its derivative. They broadcast, and fuse with one another. */
import { applyOne, type Operand } from '../apply.ts';
import { OpError } from '../errors.ts';
import type { OpDefinition } from '../op.ts';
import { broadcastShapes, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { sum } from './reduce.ts';
import { reshape } from './view.ts';

type Derivative = (inputs: readonly Tensor[], output: Tensor, cotangent: Tensor) => (Tensor | null)[];

interface Row {
  name: string;
  summary: string;
  wgsl(operands: readonly string[]): string;
  helpers?: readonly string[];
  derivative: Derivative;
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

function define(row: Row): OpDefinition {
  return {
    name: row.name,
    summary: row.summary,
    infer: (inputs) => [{ shape: broadcastShapes(row.name, ...inputs.map(({ shape }) => shape)), dtype: 'f32' }],
    vjp: ({ inputs, outputs, cotangents: [cotangent] }) => {
      if (!cotangent) return inputs.map(() => null);
      return row.derivative(inputs, outputs[0], cotangent).map((part, i) => part && sumTo(part, inputs[i].shape));
    },
    lowering: { kind: 'elementwise', wgsl: row.wgsl, helpers: row.helpers },
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

export type ElementwiseName =
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

const rows: Record<ElementwiseName, Omit<Row, 'name'>> = {
  add: { summary: 'a + b', wgsl: binary('+'), derivative: (_, __, g) => [g, g] },
  sub: { summary: 'a − b', wgsl: binary('-'), derivative: (_, __, g) => [g, neg(g)] },
  mul: {
    summary: 'a · b',
    wgsl: binary('*'),
    derivative: ([a, b], _, g) => [mul(g, b), mul(g, a)],
  },
  div: {
    summary: 'a / b',
    wgsl: binary('/'),
    derivative: ([, b], y, g) => [div(g, b), neg(div(mul(g, y), b))],
  },
  maximum: {
    summary: 'the larger of a and b; the gradient of equal values goes to a',
    wgsl: call('max'),
    derivative: ([a, b], _, g) => [mul(g, sub(1, greater(b, a))), mul(g, greater(b, a))],
  },
  minimum: {
    summary: 'the smaller of a and b; the gradient of equal values goes to a',
    wgsl: call('min'),
    derivative: ([a, b], _, g) => [mul(g, sub(1, greater(a, b))), mul(g, greater(a, b))],
  },
  greater: {
    summary: '1 where a > b, else 0',
    wgsl: truth((a, b) => `${a} > ${b}`),
    derivative: noGradient,
  },
  equal: {
    summary: '1 where a = b, else 0',
    wgsl: truth((a, b) => `${a} == ${b}`),
    derivative: noGradient,
  },
  where: {
    summary: 'b where a is not 0, else c',
    wgsl: ([a, b, c]) => `select(${c}, ${b}, ${a} != V(0.0))`,
    derivative: ([a], _, g) => [null, where(a, g, 0), where(a, 0, g)],
  },
  finite: {
    summary: '1 where x is a number, 0 where it is infinite or none',
    // by the bits: a compiler may take it that comparisons never meet a NaN
    wgsl: ([x]) => `select(V(0.0), V(1.0), (bitcast<U>(${x}) & U(0x7f800000u)) != U(0x7f800000u))`,
    derivative: noGradient,
  },
  neg: { summary: '−x', wgsl: ([x]) => `-${x}`, derivative: (_, __, g) => [neg(g)] },
  abs: {
    summary: '|x|',
    wgsl: call('abs'),
    derivative: ([x], _, g) => [mul(g, sub(greater(x, 0), greater(0, x)))],
  },
  exp: { summary: 'eˣ', wgsl: call('exp'), derivative: (_, y, g) => [mul(g, y)] },
  log: {
    summary: 'ln x',
    wgsl: call('log'),
    derivative: ([x], _, g) => [div(g, x)],
  },
  sqrt: {
    summary: '√x',
    wgsl: call('sqrt'),
    derivative: (_, y, g) => [div(mul(g, 0.5), y)],
  },
  square: {
    summary: 'x²',
    wgsl: ([x]) => `${x} * ${x}`,
    derivative: ([x], _, g) => [mul(g, mul(x, 2))],
  },
  sin: {
    summary: 'sin x',
    helpers: [circleHelper],
    wgsl: ([x]) => `circle_v(${x}, V(0.0))`,
    derivative: ([x], _, g) => [mul(g, cos(x))],
  },
  cos: {
    summary: 'cos x',
    helpers: [circleHelper],
    wgsl: ([x]) => `circle_v(${x}, V(1.0))`,
    derivative: ([x], _, g) => [neg(mul(g, sin(x)))],
  },
  tanh: {
    summary: 'tanh x',
    // far out, drivers that compute (e²ˣ − 1)/(e²ˣ + 1) give ∞/∞
    helpers: [tanhHelper],
    wgsl: call('tanh_v'),
    derivative: (_, y, g) => [mul(g, sub(1, square(y)))],
  },
  sigmoid: {
    summary: '1/(1 + e⁻ˣ)',
    wgsl: ([x]) => `V(1.0) / (V(1.0) + exp(-${x}))`,
    derivative: (_, y, g) => [mul(g, mul(y, sub(1, y)))],
  },
  relu: {
    summary: 'max(x, 0)',
    wgsl: ([x]) => `max(${x}, V(0.0))`,
    derivative: ([x], _, g) => [mul(g, greater(x, 0))],
  },
  erf: {
    summary: 'the error function, by a polynomial good to 1.2e-7',
    helpers: [erfHelper],
    wgsl: call('erf_v'),
    derivative: ([x], _, g) => [mul(mul(g, 2 / Math.sqrt(Math.PI)), exp(neg(square(x))))],
  },
  gelu: {
    summary: 'x·Φ(x), exact (not the tanh approximation)',
    helpers: [geluHelper],
    wgsl: call('gelu_v'),
    derivative: ([x], _, g) => {
      const cumulative = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
      const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return [mul(g, add(cumulative, mul(x, density)))];
    },
  },
  quickGelu: {
    summary: 'x·σ(1.702·x), the GELU of CLIP',
    wgsl: ([x]) => `${x} / (V(1.0) + exp(V(-1.702) * ${x}))`,
    derivative: ([x], _, g) => {
      const gate = sigmoid(mul(x, 1.702));
      return [mul(g, mul(gate, add(1, mul(mul(x, 1.702), sub(1, gate)))))];
    },
  },
  stopGradient: {
    summary: 'x, as a constant to differentiation',
    wgsl: ([x]) => x,
    derivative: noGradient,
  },
};

/** Records of the elementwise ops, by name. */
export const elementwiseOps = Object.fromEntries(
  Object.entries(rows).map(([name, row]) => [name, define({ ...row, name })]),
) as Record<ElementwiseName, OpDefinition>;

type Unary = (x: Tensor) => Tensor;
type Binary = (a: Operand, b: Operand) => Tensor;

const unary =
  (name: ElementwiseName): Unary =>
  (x) =>
    applyOne(elementwiseOps[name], [x]);
const pair =
  (name: ElementwiseName): Binary =>
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
  lowering: { kind: 'elementwise', wgsl: ([x]) => x },
};

/** `x` with another dtype. */
export function cast(x: Tensor, dtype: Tensor['dtype']): Tensor {
  return x.dtype === dtype ? x : applyOne(castOp, [x], { dtype });
}
