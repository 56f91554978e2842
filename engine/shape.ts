/** Shapes, strides and broadcasting (the usual trailing-axes rule). */
import { OpError } from './errors.ts';

export type Shape = readonly number[];

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Row-major strides in elements. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** The shape that all `shapes` broadcast to; throws an {@link OpError} naming `op` and the shapes. */
export function broadcastShapes(op: string, ...shapes: Shape[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let axis = 0; axis < shape.length; axis++) {
      const at = rank - shape.length + axis;
      const extent = shape[axis];
      if (extent === 1) continue;
      if (result[at] !== 1 && result[at] !== extent) {
        throw new OpError(op, `shapes ${shapes.map(formatShape).join(' and ')} do not broadcast`);
      }
      result[at] = extent;
    }
  }
  return result;
}

/** `axis` counted from the front, negative values from the back; throws when it lies outside the rank. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || at < 0 || at >= rank)
    throw new OpError(op, `axis ${axis} is out of range for rank ${rank}`);
  return at;
}

/** Throws unless every extent is a positive integer. */
export function checkShape(op: string, shape: Shape): void {
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent > 0)) {
    throw new OpError(op, `shape ${formatShape(shape)} must consist of positive integers`);
  }
}

/** A strided window on a buffer: element (i0, i1, …) lies at offset + Σ i·stride. Stride 0 repeats. */
export interface Layout {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

export function contiguousLayout(shape: Shape): Layout {
  return { shape, strides: contiguousStrides(shape), offset: 0 };
}

export function isContiguous(layout: Layout): boolean {
  if (layout.offset !== 0) return false;
  let expected = 1;
  for (let axis = layout.shape.length - 1; axis >= 0; axis--) {
    if (layout.shape[axis] !== 1 && layout.strides[axis] !== expected) return false;
    expected *= layout.shape[axis];
  }
  return true;
}

/** `layout` read as if it had the larger shape `shape` (broadcast axes get stride 0). */
export function broadcastLayout(layout: Layout, shape: Shape): Layout {
  const missing = shape.length - layout.shape.length;
  const strides = shape.map((extent, axis) => {
    const own = axis - missing;
    return own < 0 || (layout.shape[own] === 1 && extent !== 1) ? 0 : layout.strides[own];
  });
  return { shape, strides, offset: layout.offset };
}

/** Merges neighbouring axes wherever all `strides` lists allow it, dropping axes of extent 1: fewer axes, cheaper indexing. */
export function collapseAxes(shape: Shape, strides: (readonly number[])[]): { shape: number[]; strides: number[][] } {
  const collapsed: number[] = [];
  const out: number[][] = strides.map(() => []);
  for (let axis = 0; axis < shape.length; axis++) {
    if (shape[axis] === 1) continue;
    const last = collapsed.length - 1;
    const mergeable = last >= 0 && strides.every((list, i) => out[i][last] === list[axis] * shape[axis]);
    if (mergeable) {
      collapsed[last] *= shape[axis];
      for (const [i, list] of strides.entries()) out[i][last] = list[axis];
    } else {
      collapsed.push(shape[axis]);
      for (const [i, list] of strides.entries()) out[i].push(list[axis]);
    }
  }
  if (collapsed.length === 0) {
    collapsed.push(1);
    for (const list of out) list.push(0);
  }
  return { shape: collapsed, strides: out };
}
