/** Arithmetic on rows of numbers in plain TypeScript: what the network needs to run without a device. */

/** Row-major. */
export interface Rows {
  readonly data: Float32Array;
  readonly rows: number;
  readonly width: number;
}

/** A matrix [in, out] and what is added behind it. */
export interface Linear {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

export function rowsOf(rows: number, width: number): Rows {
  return { data: new Float32Array(rows * width), rows, width };
}

/** x · weight + bias, four rows at a time so that every weight that is read is used four times. */
export function linear(x: Rows, { weight, bias }: Linear): Rows {
  const inner = x.width;
  const out = rowsOf(x.rows, bias.length);
  const width = out.width;
  const from = x.data;
  const to = out.data;
  for (let row = 0; row < x.rows; row++) to.set(bias, row * width);
  let row = 0;
  for (; row + 4 <= x.rows; row += 4) {
    const [a0, a1, a2, a3] = [row * inner, (row + 1) * inner, (row + 2) * inner, (row + 3) * inner];
    const [o0, o1, o2, o3] = [row * width, (row + 1) * width, (row + 2) * width, (row + 3) * width];
    for (let k = 0; k < inner; k++) {
      const [x0, x1, x2, x3] = [from[a0 + k]!, from[a1 + k]!, from[a2 + k]!, from[a3 + k]!];
      const w = k * width;
      for (let column = 0; column < width; column++) {
        const value = weight[w + column]!;
        to[o0 + column]! += x0 * value;
        to[o1 + column]! += x1 * value;
        to[o2 + column]! += x2 * value;
        to[o3 + column]! += x3 * value;
      }
    }
  }
  for (; row < x.rows; row++) {
    for (let k = 0; k < inner; k++) {
      const value = from[row * inner + k]!;
      const w = k * width;
      const o = row * width;
      for (let column = 0; column < width; column++) to[o + column]! += value * weight[w + column]!;
    }
  }
  return out;
}

/** Adds a row of a table to the numbers from `at` on. */
export function addRow(to: Float32Array, at: number, table: Float32Array, row: number, width: number): void {
  const from = row * width;
  for (let c = 0; c < width; c++) to[at + c]! += table[from + c]!;
}

export function reluInPlace({ data }: Rows): void {
  for (let i = 0; i < data.length; i++) if (data[i]! < 0) data[i] = 0;
}

export function layerNorm(x: Rows, weight: Float32Array, bias: Float32Array, epsilon: number): Rows {
  const { width } = x;
  const out = rowsOf(x.rows, width);
  for (let at = 0; at < x.data.length; at += width) {
    let mean = 0;
    for (let c = 0; c < width; c++) mean += x.data[at + c]!;
    mean /= width;
    let variance = 0;
    for (let c = 0; c < width; c++) variance += (x.data[at + c]! - mean) ** 2;
    const scale = 1 / Math.sqrt(variance / width + epsilon);
    for (let c = 0; c < width; c++) out.data[at + c] = (x.data[at + c]! - mean) * scale * weight[c]! + bias[c]!;
  }
  return out;
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** The place of the largest of `count` numbers from `start`. */
export function largestAt(data: Float32Array, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (data[start + i]! > data[start + best]!) best = i;
  return best;
}

export function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) out[column * rows + row] = data[row * columns + column]!;
  return out;
}
