/** Times of many runs as a few numbers. */

export interface Times {
  /** All in milliseconds. */
  readonly median: number;
  /** First and third quartile. */
  readonly quartiles: readonly [number, number];
  readonly runs: number;
}

/** The value below which the share `at` of the sorted values lies, between neighbours in proportion. */
function quantile(sorted: readonly number[], at: number): number {
  const place = at * (sorted.length - 1);
  const below = Math.floor(place);
  const next = sorted[Math.min(below + 1, sorted.length - 1)];
  return sorted[below] + (place - below) * (next - sorted[below]);
}

export function median(values: readonly number[]): number {
  return quantile(sortedOf(values), 0.5);
}

export function timesOf(milliseconds: readonly number[]): Times {
  const sorted = sortedOf(milliseconds);
  return {
    median: quantile(sorted, 0.5),
    quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.75)],
    runs: sorted.length,
  };
}

function sortedOf(values: readonly number[]): number[] {
  if (values.length === 0) throw new Error('no runs to take the median of');
  return [...values].sort((a, b) => a - b);
}
