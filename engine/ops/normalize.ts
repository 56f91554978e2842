/** Ops along the last axis: LayerNorm, L2 normalisation, softmax. */
import { l2NormalizeKernel, layerNormKernel, rowsGrid, softmaxKernel } from '../../kernels/rows.ts';
import { apply, applyOne } from '../apply.ts';
import { OpError } from '../errors.ts';
import type { Abstract } from '../graph.ts';
import type { LowerContext } from '../lower.ts';
import { attribute, type OpDefinition, type ReferenceArray } from '../op.ts';
import { type Shape, sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { add, div, exp, greater, mul, sqrt, square, sub } from './elementwise.ts';
import { layerNormGradientOp } from './layer-norm-gradient.ts';
import { sum } from './reduce.ts';
import { expectFloat, expectShape, f32Of, input, rowsOf } from './support.ts';

/** Few rows on a GPU: a workgroup each; on a software adapter a thread each. */
function rowParameters(context: LowerContext) {
  const { shape, dtype } = context.inputs[0];
  const width = shape[shape.length - 1];
  const vector = width % 4 === 0;
  const rows = sizeOf(shape) / width;
  const cooperative = !context.traits.software;
  return {
    options: { type: dtype, vector, cooperative },
    parameters: { rows, columns: vector ? width / 4 : width, width },
    grid: rowsGrid(rows, cooperative),
    flops: 8 * sizeOf(shape),
  };
}

function rowsInfer(op: string, x: Abstract): Abstract {
  if (x.shape.length === 0) throw new OpError(op, 'a scalar has no last axis');
  expectFloat(op, 'x', x);
  return f32Of(x.shape);
}

function byRow({ shape, data }: ReferenceArray, transform: (row: Float64Array) => ArrayLike<number>): Float64Array[] {
  const width = shape[shape.length - 1];
  const out = new Float64Array(data.length);
  for (const [i, row] of rowsOf({ shape, data }, width).entries()) out.set(transform(row), i * width);
  return [out];
}

export const layerNormOp: OpDefinition = {
  name: 'layerNorm',
  summary: '(x − mean)/√(variance + ε)·weight + bias along the last axis',
  infer: ([x, weight, bias]) => {
    const result = rowsInfer('layerNorm', x);
    const width = x.shape[x.shape.length - 1];
    expectShape('layerNorm', 'weight', weight, [width]);
    expectShape('layerNorm', 'bias', bias, [width]);
    if (weight.dtype !== bias.dtype)
      throw new OpError('layerNorm', `dtypes ${weight.dtype} and ${bias.dtype} of weight and bias differ`);
    return [result];
  },
  vjp: ({ inputs: [x, weight], attributes, cotangents: [g] }) => {
    if (!g) return [null, null, null];
    return apply(layerNormGradientOp, [x, weight, g], attributes);
  },
  reference: ([x, weight, bias], attributes) =>
    byRow(x, (row) => {
      const average = row.reduce((total, value) => total + value, 0) / row.length;
      const variance = row.reduce((total, value) => total + (value - average) ** 2, 0) / row.length;
      const scale = 1 / Math.sqrt(variance + attribute<number>(attributes, 'epsilon'));
      return row.map((value, c) => (value - average) * scale * weight.data[c] + bias.data[c]);
    }),
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const { options, ...call } = rowParameters(context);
      const epsilon = attribute<number>(context.attributes, 'epsilon');
      context.dispatch({
        ...call,
        source: layerNormKernel({ ...options, parameterType: context.inputs[1].dtype }),
        parameters: { ...call.parameters, epsilon },
        operands: [context.input(0), context.input(1), context.input(2), context.output(0)],
      });
    },
  },
  cases: [
    { inputs: [input([3, 8]), input([8], 0.5, 1.5), input([8])], attributes: { epsilon: 1e-5 } },
    { inputs: [input([2, 3, 75]), input([75], 0.5, 1.5), input([75])], attributes: { epsilon: 1e-5 } },
    { inputs: [input([2, 300], 10, 11), input([300], 0.5, 1.5), input([300])], attributes: { epsilon: 1e-5 } },
    { inputs: [input([2, 16], -0.002, 0.002), input([16], 0.5, 1.5), input([16])], attributes: { epsilon: 1e-5 } },
  ],
};

/** LayerNorm of x along its last axis, with weight and bias of that extent. */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, epsilon = 1e-5): Tensor {
  return applyOne(layerNormOp, [x, weight, bias], { epsilon });
}

export const l2NormalizeOp: OpDefinition = {
  name: 'l2Normalize',
  summary: 'x / max(‖x‖₂, ε) along the last axis',
  infer: ([x]) => [rowsInfer('l2Normalize', x)],
  vjp: ({ inputs: [x], outputs: [y], attributes, cotangents: [g] }) => {
    if (!g) return [null];
    const epsilon = attribute<number>(attributes, 'epsilon');
    const norm = sqrt(sum(square(x), -1, true));
    // below ε the divisor is a constant
    const along = mul(mul(y, sum(mul(g, y), -1, true)), greater(norm, epsilon));
    return [div(sub(g, along), add(norm, mul(sub(epsilon, norm), greater(epsilon, norm))))];
  },
  reference: ([x], attributes) =>
    byRow(x, (row) => {
      const norm = Math.sqrt(row.reduce((total, value) => total + value * value, 0));
      return row.map((value) => value / Math.max(norm, attribute<number>(attributes, 'epsilon')));
    }),
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const { options, ...call } = rowParameters(context);
      context.dispatch({
        ...call,
        source: l2NormalizeKernel(options),
        parameters: { ...call.parameters, epsilon: attribute<number>(context.attributes, 'epsilon') },
        operands: [context.input(0), context.output(0)],
      });
    },
  },
  cases: [
    { inputs: [input([4, 12])], attributes: { epsilon: 1e-12 } },
    { inputs: [input([2, 2, 30])], attributes: { epsilon: 1e-12 } },
    { inputs: [input([3, 4], -0.1, 0.1)], attributes: { epsilon: 5 } },
  ],
};

/** x divided by its Euclidean norm along the last axis, which counts as at least `epsilon`. */
export function l2Normalize(x: Tensor, epsilon = 1e-12): Tensor {
  return applyOne(l2NormalizeOp, [x], { epsilon });
}

function logSumExp(row: Float64Array): number {
  const largest = Math.max(...row);
  return largest + Math.log(row.reduce((total, value) => total + Math.exp(value - largest), 0));
}

function defineSoftmax(log: boolean, vjp: OpDefinition['vjp']): OpDefinition {
  const shapes: Shape[] = [
    [3, 8],
    [2, 3, 21],
    [2, 260],
  ];
  return {
    name: log ? 'logSoftmax' : 'softmax',
    summary: `${log ? 'log ' : ''}softmax along the last axis`,
    infer: ([x]) => [rowsInfer(log ? 'logSoftmax' : 'softmax', x)],
    vjp,
    reference: ([x]) =>
      byRow(x, (row) => row.map((value) => (log ? value - logSumExp(row) : Math.exp(value - logSumExp(row))))),
    lowering: {
      kind: 'kernel',
      lower: (context) => {
        const { options, ...call } = rowParameters(context);
        context.dispatch({
          ...call,
          source: softmaxKernel({ ...options, log }),
          operands: [context.input(0), context.output(0)],
        });
      },
    },
    cases: shapes.map((shape) => ({ inputs: [input(shape, -5, 5)] })),
  };
}

export const softmaxOp: OpDefinition = defineSoftmax(false, ({ outputs: [y], cotangents: [g] }) => [
  g && mul(y, sub(g, sum(mul(g, y), -1, true))),
]);

export const logSoftmaxOp: OpDefinition = defineSoftmax(true, ({ outputs: [y], cotangents: [g] }) => [
  g && sub(g, mul(exp(y), sum(g, -1, true))),
]);

/** Softmax along the last axis. */
export function softmax(x: Tensor): Tensor {
  return applyOne(softmaxOp, [x]);
}

/** Logarithm of the softmax along the last axis. */
export function logSoftmax(x: Tensor): Tensor {
  return applyOne(logSoftmaxOp, [x]);
}
