/**
 * A WebAssembly module with one function, the product of matrices in vectors of four numbers: six to eight times as fast as the same
 * loops in TypeScript. It is assembled here, so that there is no binary file and no compiler to trust.
 */

/** Rows and columns that the function takes at a time: its extents are multiples of them. */
export const ROWS_AT_A_TIME = 4;
export const COLUMNS_AT_A_TIME = 8;

/** `out += x · weight` for row-major f32 at byte offsets of the module's memory; `groups` of four rows, `columns` a multiple of eight. */
export type SimdProduct = (
  x: number,
  weight: number,
  out: number,
  groups: number,
  inner: number,
  columns: number,
) => void;

const I32 = 0x7f;
const V128 = 0x7b;
const VECTOR_BYTES = 16;
const VECTORS = COLUMNS_AT_A_TIME / 4;

/** Parameters come first, then locals by type. */
const LOCALS = {
  x: 0,
  weight: 1,
  out: 2,
  groups: 3,
  inner: 4,
  columns: 5,
  xStride: 6,
  outStride: 7,
  column: 8,
  weightAt: 9,
  end: 10,
  firstRow: 11,
  firstSum: 15,
  firstWeight: 15 + ROWS_AT_A_TIME * VECTORS,
  splat: 15 + ROWS_AT_A_TIME * VECTORS + VECTORS,
} as const;
const INTEGERS = LOCALS.firstSum - LOCALS.xStride;
const VECTOR_LOCALS = LOCALS.splat - LOCALS.firstSum + 1;

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
const constant = (value: number) => [0x41, ...signed(value)];
const add = [0x6a];
const subtract = [0x6b];
const shiftLeft = [0x74];
const isLess = [0x49];
const isOther = [0x47];
const load = (offset: number) => [0xfd, 0x00, 2, ...unsigned(offset)];
const loadSplat = [0xfd, 0x09, 2, 0];
const store = (offset: number) => [0xfd, 0x0b, 2, ...unsigned(offset)];
const addVectors = [0xfd, ...unsigned(0xe4)];
const multiplyVectors = [0xfd, ...unsigned(0xe6)];
/** Runs `body` until `again` is 0. */
const repeat = (body: number[], again: number[]) => [0x03, 0x40, ...body, ...again, 0x0d, 0, 0x0b];

const rows = Array.from({ length: ROWS_AT_A_TIME }, (_, row) => row);
const vectors = Array.from({ length: VECTORS }, (_, vector) => vector);
const sumOf = (row: number, vector: number) => LOCALS.firstSum + row * VECTORS + vector;

/** Bytes of the module; it exports `memory` and `product`. */
export function simdModule(): Uint8Array<ArrayBuffer> {
  const type = [0x60, ...list(Array.from({ length: 6 }, () => [I32])), 0];
  const locals = [2, INTEGERS, I32, VECTOR_LOCALS, V128];
  const body = [...locals, ...productCode(), 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list([type])),
    ...section(3, list([[0]])),
    ...section(5, list([[0, 1]])),
    ...section(
      7,
      list([
        [...text('memory'), 2, 0],
        [...text('product'), 0, 0],
      ]),
    ),
    ...section(10, list([[...unsigned(body.length), ...body]])),
  ]);
}

function productCode(): number[] {
  const { x, out, groups, inner, columns, xStride, outStride } = LOCALS;
  const advance = (pointer: number, stride: number) => [
    ...get(pointer),
    ...get(stride),
    ...constant(Math.log2(ROWS_AT_A_TIME)),
    ...shiftLeft,
    ...add,
    ...set(pointer),
  ];
  const again = [...get(groups), ...constant(1), ...subtract, ...tee(groups)];
  return [
    ...[...get(inner), ...constant(2), ...shiftLeft, ...set(xStride)],
    ...[...get(columns), ...constant(2), ...shiftLeft, ...set(outStride)],
    ...repeat([...columnLoop(), ...advance(x, xStride), ...advance(out, outStride)], again),
  ];
}

/** All columns of four rows. */
function columnLoop(): number[] {
  const { outStride, column } = LOCALS;
  const next = [
    ...get(column),
    ...constant(COLUMNS_AT_A_TIME * 4),
    ...add,
    ...tee(column),
    ...get(outStride),
    ...isLess,
  ];
  return [...constant(0), ...set(column), ...repeat([...loadSums(), ...innerLoop(), ...storeSums()], next)];
}

/** Pointers to the sums of every row in turn; they lie where the rows of x are pointed to afterwards. */
function eachSum(use: (row: number) => number[]): number[] {
  const { out, outStride, column, firstRow } = LOCALS;
  return rows.flatMap((row) => {
    const before = row === 0 ? [...get(out), ...get(column)] : [...get(firstRow + row - 1), ...get(outStride)];
    return [...before, ...add, ...set(firstRow + row), ...use(row)];
  });
}

function loadSums(): number[] {
  return eachSum((row) =>
    vectors.flatMap((vector) => [
      ...get(LOCALS.firstRow + row),
      ...load(vector * VECTOR_BYTES),
      ...set(sumOf(row, vector)),
    ]),
  );
}

function storeSums(): number[] {
  return eachSum((row) =>
    vectors.flatMap((vector) => [
      ...get(LOCALS.firstRow + row),
      ...get(sumOf(row, vector)),
      ...store(vector * VECTOR_BYTES),
    ]),
  );
}

function innerLoop(): number[] {
  const { x, xStride, weight, weightAt, column, end, firstRow, outStride } = LOCALS;
  const pointers = rows.flatMap((row) =>
    row === 0
      ? [...get(x), ...set(firstRow)]
      : [...get(firstRow + row - 1), ...get(xStride), ...add, ...set(firstRow + row)],
  );
  const step = [
    ...vectors.flatMap((vector) => [
      ...get(weightAt),
      ...load(vector * VECTOR_BYTES),
      ...set(LOCALS.firstWeight + vector),
    ]),
    ...rows.flatMap(multiplyRow),
    ...[...get(weightAt), ...get(outStride), ...add, ...set(weightAt)],
  ];
  return [
    ...[...get(weight), ...get(column), ...add, ...set(weightAt)],
    ...pointers,
    ...[...get(x), ...get(xStride), ...add, ...set(end)],
    ...repeat(step, [...get(firstRow), ...get(end), ...isOther]),
  ];
}

/** One number of a row of x times a vector of weights for each sum; the pointer moves on. */
function multiplyRow(row: number): number[] {
  const { splat, firstWeight, firstRow } = LOCALS;
  return [
    ...[...get(firstRow + row), ...loadSplat, ...set(splat)],
    ...vectors.flatMap((vector) => [
      ...[...get(sumOf(row, vector)), ...get(splat), ...get(firstWeight + vector), ...multiplyVectors, ...addVectors],
      ...set(sumOf(row, vector)),
    ]),
    ...[...get(firstRow + row), ...constant(4), ...add, ...set(firstRow + row)],
  ];
}

function section(id: number, content: number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function list(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(name: string): number[] {
  return [name.length, ...new TextEncoder().encode(name)];
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  const isLast = (rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}
