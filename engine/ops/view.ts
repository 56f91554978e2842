/** Ops that move no element: reshape, transpose, slice and broadcast are other layouts of the same buffer, read in place by their users. */
import { applyOne } from '../apply.ts';
import { OpError } from '../errors.ts';
import { attribute, type OpDefinition } from '../op.ts';
import {
  broadcastLayout,
  broadcastShapes,
  checkShape,
  contiguousLayout,
  formatShape,
  isContiguous,
  type Layout,
  normalizeAxis,
  type Shape,
  sameShape,
  sizeOf,
} from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { sumTo } from './elementwise.ts';
import { pad } from './pad.ts';

export const reshapeOp: OpDefinition = {
  name: 'reshape',
  summary: 'the same elements in another shape',
  infer: ([x], attributes) => {
    const shape = attribute<Shape>(attributes, 'shape');
    checkShape('reshape', shape);
    if (sizeOf(shape) !== sizeOf(x.shape))
      throw new OpError('reshape', `${formatShape(x.shape)} has not as many elements as ${formatShape(shape)}`);
    return [{ shape, dtype: x.dtype }];
  },
  vjp: ({ inputs: [x], cotangents: [g] }) => [g && reshape(g, x.shape)],
  lowering: { kind: 'view', view: (layout, _, shape) => (isContiguous(layout) ? contiguousLayout(shape) : null) },
};

/** `x` in another shape; one extent may be −1 and is filled in. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.filter((extent) => extent !== -1);
  const filled = shape.map((extent) => (extent === -1 ? x.size / sizeOf(known) : extent));
  if (shape.length - known.length > 1)
    throw new OpError('reshape', `only one extent of ${formatShape(shape)} can be −1`);
  return sameShape(x.shape, filled) ? x : applyOne(reshapeOp, [x], { shape: filled });
}

export const permute = (layout: Layout, axes: readonly number[]): Layout => ({
  shape: axes.map((axis) => layout.shape[axis]),
  strides: axes.map((axis) => layout.strides[axis]),
  offset: layout.offset,
});

export const transposeOp: OpDefinition = {
  name: 'transpose',
  summary: 'the axes in another order',
  infer: ([x], attributes) => {
    const axes = attribute<number[]>(attributes, 'axes');
    if ([...axes].sort((a, b) => a - b).join() !== x.shape.map((_, axis) => axis).join()) {
      throw new OpError('transpose', `axes ${formatShape(axes)} are no order of the axes of ${formatShape(x.shape)}`);
    }
    return [{ shape: axes.map((axis) => x.shape[axis]), dtype: x.dtype }];
  },
  vjp: ({ attributes, cotangents: [g] }) => {
    const axes = attribute<number[]>(attributes, 'axes');
    return [
      g &&
        transpose(
          g,
          axes.map((_, axis) => axes.indexOf(axis)),
        ),
    ];
  },
  lowering: { kind: 'view', view: (layout, attributes) => permute(layout, attribute<number[]>(attributes, 'axes')) },
};

/** `x` with its axes in the order `axes` (default: the last two swapped). */
export function transpose(x: Tensor, axes?: readonly number[]): Tensor {
  const order = x.shape.map((_, axis) => axis);
  if (!axes) order.push(...order.splice(-2).reverse());
  return applyOne(transposeOp, [x], { axes: (axes ?? order).map((axis) => normalizeAxis('transpose', axis, x.rank)) });
}

export const window = (layout: Layout, start: readonly number[], shape: Shape): Layout => ({
  shape,
  strides: layout.strides,
  offset: layout.offset + start.reduce((sum, at, axis) => sum + at * layout.strides[axis], 0),
});

export const sliceOp: OpDefinition = {
  name: 'slice',
  summary: 'a window',
  infer: ([x], attributes) => {
    const start = attribute<number[]>(attributes, 'start');
    const shape = attribute<number[]>(attributes, 'shape');
    checkShape('slice', shape);
    const inside =
      start.length === x.shape.length &&
      shape.length === x.shape.length &&
      start.every((at, axis) => Number.isInteger(at) && at >= 0 && at + shape[axis] <= x.shape[axis]);
    if (!inside)
      throw new OpError(
        'slice',
        `window ${formatShape(shape)} at ${formatShape(start)} lies not inside ${formatShape(x.shape)}`,
      );
    return [{ shape, dtype: x.dtype }];
  },
  vjp: ({ inputs: [x], attributes, cotangents: [g] }) => {
    if (!g) return [null];
    const start = attribute<number[]>(attributes, 'start');
    let padded = g;
    for (const [axis, extent] of x.shape.entries()) {
      if (g.shape[axis] !== extent) padded = pad(padded, axis, start[axis], extent - start[axis] - g.shape[axis]);
    }
    return [padded];
  },
  lowering: {
    kind: 'view',
    view: (layout, attributes, shape) => window(layout, attribute<number[]>(attributes, 'start'), shape),
  },
};

/** The part of `x` from `start` to before `end` along `axis`. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const at = normalizeAxis('slice', axis, x.rank);
  const starts = x.shape.map((_, other) => (other === at ? start : 0));
  const shape = x.shape.map((extent, other) => (other === at ? end - start : extent));
  return applyOne(sliceOp, [x], { start: starts, shape });
}

export const broadcastOp: OpDefinition = {
  name: 'broadcastTo',
  summary: 'the elements repeated along new axes and axes of extent 1',
  infer: ([x], attributes) => {
    const shape = attribute<Shape>(attributes, 'shape');
    checkShape('broadcastTo', shape);
    if (!sameShape(broadcastShapes('broadcastTo', x.shape, shape), shape)) {
      throw new OpError('broadcastTo', `${formatShape(x.shape)} does not broadcast to ${formatShape(shape)}`);
    }
    return [{ shape, dtype: x.dtype }];
  },
  vjp: ({ inputs: [x], cotangents: [g] }) => [g && sumTo(g, x.shape)],
  lowering: { kind: 'view', view: (layout, _, shape) => broadcastLayout(layout, shape) },
};

/** `x` repeated to the larger `shape`. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : applyOne(broadcastOp, [x], { shape });
}
