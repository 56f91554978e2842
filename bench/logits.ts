/** How far the logits of one way of keeping weights lie from those of another. */

export interface LogitsChange {
  /** Standard deviation of the expected logits, all rows together. */
  readonly spread: number;
  /** Root mean square and largest of the differences, in spreads. */
  readonly rootMeanSquare: number;
  readonly largest: number;
  /** Rows whose likeliest token is the same, of all rows; and whether the last row is one. */
  readonly sameBest: number;
  readonly rows: number;
  readonly sameBestAtTheEnd: boolean;
}

/** Both are rows of `vocabulary` numbers, and as many. */
export function compareLogits(actual: Float32Array, expected: Float32Array, vocabulary: number): LogitsChange {
  if (actual.length !== expected.length)
    throw new Error(`${actual.length} logits cannot be compared with ${expected.length}`);
  const { length } = expected;
  const mean = expected.reduce((sum, value) => sum + value, 0) / length;
  const spread = Math.sqrt(expected.reduce((sum, value) => sum + (value - mean) ** 2, 0) / length);
  let squares = 0;
  let largest = 0;
  for (let i = 0; i < length; i++) {
    const off = Math.abs(actual[i] - expected[i]);
    squares += off * off;
    if (!(off <= largest)) largest = off;
  }
  const rows = length / vocabulary;
  const agrees = Array.from({ length: rows }, (_, row) => {
    const [own, other] = [actual, expected].map((all) =>
      bestOf(all.subarray(row * vocabulary, (row + 1) * vocabulary)),
    );
    return own === other;
  });
  return {
    spread,
    rootMeanSquare: Math.sqrt(squares / length) / spread,
    largest: largest / spread,
    sameBest: agrees.filter(Boolean).length,
    rows,
    sameBestAtTheEnd: agrees.at(-1) === true,
  };
}

function bestOf(row: Float32Array): number {
  return row.reduce((best, value, at) => (value > row[best] ? at : best), 0);
}
