/** Chooses the map kernel for an elementwise computation from the layouts of its operands. */
import type { Expression } from '../kernels/expression.ts';
import { mapWorkgroup, type RowsAccess, rowsMapKernel, stridedMapKernel } from '../kernels/map.ts';
import { linearGrid } from '../kernels/source.ts';
import type { Call, Located } from './lower.ts';
import { collapseAxes, type Shape, sizeOf } from './shape.ts';

/** Whether {@link emitMap} can compute into operand `at`'s own memory. */
export function supportsInPlace(operands: readonly Located[], result: Located, shape: Shape, at: number): boolean {
  return rowsAccess(indexingOf(operands, result, shape))?.[at] === 'linear';
}

function indexingOf(operands: readonly Located[], result: Located, shape: Shape): Indexing {
  const layouts = [...operands, result].map(({ layout }) => layout);
  const { shape: collapsed, strides } = collapseAxes(
    shape,
    layouts.map((layout) => layout.strides),
  );
  return { shape: collapsed, strides, offsets: layouts.map(({ offset }) => offset) };
}

interface Indexing {
  readonly shape: readonly number[];
  /** Strides of every operand, then of the result. */
  readonly strides: readonly (readonly number[])[];
  readonly offsets: readonly number[];
}

/**
 * Computes `expression` at every place of `shape`. The operands' layouts have that shape already (broadcast by stride 0), and so has the
 * result's, which may be a window in a larger tensor. With `inPlace`, that operand lies in the result's own memory.
 */
export function emitMap(
  expression: Expression,
  operands: readonly Located[],
  result: Located,
  shape: Shape,
  inPlace?: number,
): Call {
  const indexing = indexingOf(operands, result, shape);
  const constants = Object.fromEntries(expression.constants.map((value, i) => [`c${i}`, value]));
  const memories = operands.filter((_, i) => i !== inPlace).map(({ memory }) => memory);
  const access = rowsAccess(indexing);
  const call = access
    ? rowsCall(expression, operands, result, indexing, access, inPlace)
    : stridedCall(expression, operands, result, indexing);
  return {
    ...call,
    parameters: { ...call.parameters, ...constants },
    operands: [...memories, result.memory],
    flops: sizeOf(shape),
  };
}

/** How each operand and the result (last) can be read four columns at a time, or null if one cannot. */
function rowsAccess({ shape, strides, offsets }: Indexing): RowsAccess[] | null {
  if (shape.length > 2) return null;
  const columns = shape[shape.length - 1];
  const access: RowsAccess[] = [];
  for (const [i, list] of strides.entries()) {
    const columnStride = list[list.length - 1];
    const rowStride = shape.length === 2 ? list[0] : columns;
    if (columnStride === 1 && rowStride === columns && offsets[i] === 0) access.push('linear');
    else if (columnStride === 1 && rowStride % 4 === 0 && offsets[i] % 4 === 0) access.push('vector');
    else if (columnStride === 0) access.push('splat');
    else return null;
  }
  if (access[access.length - 1] === 'splat' && columns * (shape.length === 2 ? shape[0] : 1) > 1) return null;
  const allLinear = access.every((one) => one === 'linear');
  // a whole tensor may end inside a vec4, since buffers are padded; a row may not
  return allLinear || columns % 4 === 0 ? access : null;
}

function rowsCall(
  expression: Expression,
  operands: readonly Located[],
  result: Located,
  indexing: Indexing,
  access: RowsAccess[],
  inPlace?: number,
) {
  const { shape, strides, offsets } = indexing;
  const count = Math.ceil(sizeOf(shape) / 4);
  const parameters: Record<string, number> = { count, columns4: Math.ceil(shape[shape.length - 1] / 4) };
  for (const [i, one] of access.entries()) {
    const name = i === operands.length ? 'Out' : String(i);
    const unit = one === 'splat' ? 1 : 4;
    parameters[`s${name}`] = (shape.length === 2 ? strides[i][0] : 0) / unit;
    parameters[`o${name}`] = offsets[i] / unit;
  }
  const source = rowsMapKernel({
    expression,
    operands: operands.map(({ dtype }, i) => ({ type: dtype, access: access[i] })),
    result: { type: result.dtype, access: access[operands.length] === 'linear' ? 'linear' : 'vector' },
    inPlace,
  });
  return { source, parameters, grid: linearGrid(Math.ceil(count / mapWorkgroup)) };
}

function stridedCall(
  expression: Expression,
  operands: readonly Located[],
  result: Located,
  { shape, strides, offsets }: Indexing,
) {
  const count = sizeOf(shape);
  const parameters: Record<string, number> = { count };
  for (const [axis, extent] of shape.entries()) parameters[`d${axis}`] = extent;
  for (const [i, list] of strides.entries()) {
    const name = i === operands.length ? 'Out' : String(i);
    parameters[`o${name}`] = offsets[i];
    for (const [axis, stride] of list.entries()) parameters[`s${name}_${axis}`] = stride;
  }
  const strided =
    result.dtype !== 'f16' &&
    !(shape.length === 1 && strides[operands.length][0] === 1 && offsets[operands.length] === 0);
  const source = stridedMapKernel({
    expression,
    operands: operands.map(({ dtype }) => ({ type: dtype })),
    result: { type: result.dtype, strided },
    rank: shape.length,
  });
  const perThread = result.dtype === 'f16' ? 4 : 1;
  return { source, parameters, grid: linearGrid(Math.ceil(count / (mapWorkgroup * perThread))) };
}
