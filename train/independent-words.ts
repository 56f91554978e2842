/** Words whose embeddings are made to say nothing about those of other words. */
import type { Tokenizer } from '../data/index.ts';

/**
 * The ids of words that follow a space.
 *
 * @throws Error for a word that is not one token
 */
export function idsOfWords(tokenizer: Tokenizer, words: readonly string[]): number[] {
  return words.map((word) => {
    const ids = tokenizer.encode(` ${word}`);
    if (ids.length !== 1)
      throw new Error(`model.independent: «${word}» is ${ids.length} tokens of this tokenizer, and one is wanted`);
    return ids[0];
  });
}

/**
 * Changes a table of rows so that in each of `others` the differences of the rows from their mean are orthogonal to those in `first`, and as long as before.
 * A model that never saw two kinds of words meet in some pairs learns rows that point away from one another there, and whatever names one of them by a scalar
 * product then speaks against the other.
 *
 * @param table [rows, width]
 * @param first ids of rows that stay as they are
 */
export function makeIndependent(
  table: Float32Array,
  width: number,
  first: readonly number[],
  others: readonly (readonly number[])[],
): void {
  const basis = orthonormal(differences(table, width, first).rows);
  for (const ids of others) {
    const { mean, rows } = differences(table, width, ids);
    for (const [i, row] of rows.entries()) {
      const rest = basis.reduce((left, axis) => minus(left, axis, dot(left, axis)), row);
      const scale = Math.sqrt(dot(row, row) / dot(rest, rest));
      table.set(
        rest.map((value, column) => mean[column] + scale * value),
        ids[i] * width,
      );
    }
  }
}

function differences(table: Float32Array, width: number, ids: readonly number[]) {
  const rows = ids.map((id) => Float64Array.from(table.subarray(id * width, (id + 1) * width)));
  const mean = Float64Array.from({ length: width }, (_, c) => rows.reduce((sum, row) => sum + row[c], 0) / ids.length);
  return { mean, rows: rows.map((row) => minus(row, mean, 1)) };
}

/** Gram and Schmidt's; rows that the others span already, as the last of differences from a mean is, add nothing. */
function orthonormal(rows: readonly Float64Array[]): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const row of rows) {
    const rest = basis.reduce((left, axis) => minus(left, axis, dot(left, axis)), row);
    const length = Math.sqrt(dot(rest, rest));
    if (length > 1e-6 * Math.sqrt(dot(row, row))) basis.push(rest.map((value) => value / length));
  }
  return basis;
}

function minus(a: Float64Array, b: Float64Array, factor: number): Float64Array {
  return a.map((value, i) => value - factor * b[i]);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}
