/** Ops along the last axis: LayerNorm, L2 normalisation, softmax. */
import { l2NormalizeKernel, layerNormKernel, rowsGrid, softmaxKernel } from '../../kernels/rows.ts';
import { apply, applyOne } from '../apply.ts';
import { OpError } from '../errors.ts';
import type { Abstract } from '../graph.ts';
import type { LowerContext } from '../lower.ts';
import { attribute, type OpDefinition } from '../op.ts';
import { sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { add, div, exp, greater, mul, sqrt, square, sub } from './elementwise.ts';
import { layerNormGradientOp } from './layer-norm-gradient.ts';
import { sum } from './reduce.ts';
import { expectFloat, expectShape, f32Of } from './support.ts';

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
};

/** x divided by its Euclidean norm along the last axis, which counts as at least `epsilon`. */
export function l2Normalize(x: Tensor, epsilon = 1e-12): Tensor {
  return applyOne(l2NormalizeOp, [x], { epsilon });
}

function defineSoftmax(log: boolean, vjp: OpDefinition['vjp']): OpDefinition {
  return {
    name: log ? 'logSoftmax' : 'softmax',
    summary: `${log ? 'log ' : ''}softmax along the last axis`,
    infer: ([x]) => [rowsInfer(log ? 'logSoftmax' : 'softmax', x)],
    vjp,
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
