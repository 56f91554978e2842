/** Products with fixed matrices: by WebAssembly's vectors where there are such, else in plain TypeScript. */
import { type Linear, linear, type Rows } from './dense.ts';
import { COLUMNS_AT_A_TIME, ROWS_AT_A_TIME, type SimdProduct, simdModule } from './simd-module.ts';

/** x · weight + bias. */
export type Product = (x: Rows) => Rows;

export interface Products {
  /** Keeps a copy of the matrix. */
  of(matrix: Linear): Product;
}

export const plainProducts: Products = { of: (matrix) => (x) => linear(x, matrix) };

/** The fastest that this runtime has. */
export function availableProducts(): Products {
  const bytes = simdModule();
  return typeof WebAssembly === 'object' && WebAssembly.validate(bytes) ? new SimdProducts(bytes) : plainProducts;
}

const PAGE = 65_536;
const ALIGNMENT = 16;

/** Matrices lie in the module's memory one behind the other, and behind them rows on their way in and out. */
class SimdProducts implements Products {
  readonly #memory: WebAssembly.Memory;
  readonly #product: SimdProduct;
  /** Bytes that are taken by matrices. */
  #taken = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    this.#memory = exports.memory as WebAssembly.Memory;
    this.#product = exports.product as SimdProduct;
  }

  of({ weight, bias }: Linear): Product {
    const inner = weight.length / bias.length;
    const columns = multipleOf(bias.length, COLUMNS_AT_A_TIME);
    const at = this.#taken;
    this.#taken = multipleOf(at + inner * columns * 4, ALIGNMENT);
    const place = this.#view(at, inner * columns);
    for (let row = 0; row < inner; row++)
      place.set(weight.subarray(row * bias.length, (row + 1) * bias.length), row * columns);
    const kept = Float32Array.from(bias);
    return (x) => this.#multiply(x, at, columns, kept);
  }

  #multiply(x: Rows, weight: number, columns: number, bias: Float32Array): Rows {
    const { rows, width: inner } = x;
    const width = bias.length;
    const out = { data: new Float32Array(rows * width), rows, width };
    if (rows === 0) return out;
    const groups = Math.ceil(rows / ROWS_AT_A_TIME);
    const padded = groups * ROWS_AT_A_TIME;
    const xAt = this.#taken;
    const outAt = multipleOf(xAt + padded * inner * 4, ALIGNMENT);
    const sums = this.#view(outAt, padded * columns);
    this.#view(xAt, rows * inner).set(x.data);
    for (let row = 0; row < rows; row++) sums.set(bias, row * columns);
    this.#product(xAt, weight, outAt, groups, inner, columns);
    if (columns === width) out.data.set(sums.subarray(0, rows * width));
    else
      for (let row = 0; row < rows; row++)
        out.data.set(sums.subarray(row * columns, row * columns + width), row * width);
    return out;
  }

  /** A part of the memory, which grows where it is too small; earlier views are void then. */
  #view(at: number, count: number): Float32Array {
    const missing = at + count * 4 - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
    return new Float32Array(this.#memory.buffer, at, count);
  }
}

function multipleOf(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
