/** Zeros around a tensor along one axis; and its relative, concatenation. */
import { elementsGrid, padKernel } from '../../kernels/indexing.ts';
import { applyOne } from '../apply.ts';
import { OpError } from '../errors.ts';
import { attribute, type OpDefinition } from '../op.ts';
import { contiguousLayout, formatShape, normalizeAxis, sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { f32Of } from './support.ts';
import { slice } from './view.ts';

export interface PadAttributes {
  axis: number;
  before: number;
  after: number;
}

export const padOp: OpDefinition = {
  name: 'pad',
  summary: 'zeros before and after, along one axis',
  infer: ([x], attributes) => {
    const { axis, before, after } = attributes as unknown as PadAttributes;
    if (![before, after].every((count) => Number.isInteger(count) && count >= 0))
      throw new OpError('pad', `cannot pad by ${before} and ${after}`);
    return [f32Of(x.shape.map((extent, at) => (at === axis ? extent + before + after : extent)))];
  },
  vjp: ({ inputs: [x], attributes, cotangents: [g] }) => {
    const { axis, before } = attributes as unknown as PadAttributes;
    return [g && slice(g, axis, before, before + x.shape[axis])];
  },
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const { axis, before } = context.attributes as unknown as PadAttributes;
      const [x] = context.inputs;
      const [{ shape }] = context.outputs;
      const count = sizeOf(shape);
      context.dispatch({
        source: padKernel({ type: x.dtype }),
        parameters: { count, extent: x.shape[axis], padded: shape[axis], inner: sizeOf(shape.slice(axis + 1)), before },
        operands: [context.input(0), context.output(0)],
        grid: elementsGrid(count),
      });
    },
  },
};

/** `x` with `before` and `after` zeros along `axis`. */
export function pad(x: Tensor, axis: number, before: number, after: number): Tensor {
  return applyOne(padOp, [x], { axis: normalizeAxis('pad', axis, x.rank), before, after });
}

export const concatOp: OpDefinition = {
  name: 'concat',
  summary: 'tensors one after the other along an axis',
  infer: (inputs, attributes) => {
    const axis = attribute<number>(attributes, 'axis');
    const [first, ...rest] = inputs;
    for (const { shape, dtype } of rest) {
      const fits =
        shape.length === first.shape.length && shape.every((extent, at) => at === axis || extent === first.shape[at]);
      if (!fits)
        throw new OpError(
          'concat',
          `shapes ${formatShape(first.shape)} and ${formatShape(shape)} differ outside axis ${axis}`,
        );
      if (dtype !== first.dtype) throw new OpError('concat', `dtypes ${first.dtype} and ${dtype} differ`);
    }
    if (first.dtype === 'f16') throw new OpError('concat', 'cast f16 to f32 first');
    const extent = inputs.reduce((sum, { shape }) => sum + shape[axis], 0);
    return [{ shape: first.shape.map((own, at) => (at === axis ? extent : own)), dtype: first.dtype }];
  },
  vjp: ({ inputs, attributes, cotangents: [g] }) => {
    const axis = attribute<number>(attributes, 'axis');
    let start = 0;
    return inputs.map((x) => {
      const from = start;
      start += x.shape[axis];
      return g && slice(g, axis, from, start);
    });
  },
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const axis = attribute<number>(context.attributes, 'axis');
      const to = context.output(0);
      const { strides } = contiguousLayout(context.outputs[0].shape);
      let start = 0;
      for (const [i, { shape }] of context.inputs.entries()) {
        context.copyInto(i, to, { shape, strides, offset: start * strides[axis] });
        start += shape[axis];
      }
    },
  },
};

/** The tensors one after the other along `axis`. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  if (tensors.length === 0) throw new OpError('concat', 'there is nothing to concatenate');
  if (tensors.length === 1) return tensors[0];
  return applyOne(concatOp, tensors, { axis: normalizeAxis('concat', axis, tensors[0].rank) });
}
