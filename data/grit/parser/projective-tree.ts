/** The best dependency tree whose arcs do not cross, with exactly one root, by dynamic programming over spans (Eisner 1996). */
import type { ArcScores } from './tree.ts';

/** Whether an arc has a word below it that does not hang on a word between its ends. */
export function hasCrossingArcs(heads: ArrayLike<number>): boolean {
  for (let word = 0; word < heads.length; word++) {
    const head = heads[word]!;
    if (head === -1) continue;
    const [first, last] = [Math.min(word, head), Math.max(word, head)];
    for (let inside = first + 1; inside < last; inside++)
      if (heads[inside]! < first || heads[inside]! > last) return true;
  }
  return false;
}

/** Head of every word, −1 for the root. O(n³). */
export function bestProjectiveTree(arcs: ArcScores): Int32Array {
  const heads = new Int32Array(arcs.size).fill(-1);
  if (arcs.size > 0) new SpanTable(arcs).readTree(heads);
  return heads;
}

/**
 * Best sums for spans [i, j] of words, at i · n + j: `right` of trees that hang on i, `left` on j; in the open ones there is an arc
 * between i and j, whose halves meet behind word `split`. Other splits name the word at which two parts meet.
 */
class SpanTable {
  readonly #size: number;
  readonly #scores: ArrayLike<number>;
  readonly #right: Float64Array;
  readonly #left: Float64Array;
  readonly #openRight: Float64Array;
  readonly #openLeft: Float64Array;
  readonly #openSplit: Int32Array;
  readonly #rightSplit: Int32Array;
  readonly #leftSplit: Int32Array;

  constructor({ size, scores }: ArcScores) {
    this.#size = size;
    this.#scores = scores;
    const sums = () => new Float64Array(size * size);
    const splits = () => new Int32Array(size * size);
    [this.#right, this.#left, this.#openRight, this.#openLeft] = [sums(), sums(), sums(), sums()];
    [this.#openSplit, this.#rightSplit, this.#leftSplit] = [splits(), splits(), splits()];
    for (let width = 1; width < size; width++) for (let i = 0; i + width < size; i++) this.#fill(i, i + width);
  }

  readTree(heads: Int32Array): void {
    const n = this.#size;
    let root = 0;
    let best = Number.NEGATIVE_INFINITY;
    for (let word = 0; word < n; word++) {
      const sum = this.#left[word]! + this.#right[word * n + n - 1]! + this.#score(word, n);
      if (sum > best) [root, best] = [word, sum];
    }
    this.#readLeft(0, root, heads);
    this.#readRight(root, n - 1, heads);
  }

  #score(word: number, head: number): number {
    return this.#scores[word * (this.#size + 1) + head]!;
  }

  #fill(i: number, j: number): void {
    const n = this.#size;
    const at = i * n + j;
    let best = Number.NEGATIVE_INFINITY;
    for (let k = i; k < j; k++) {
      const sum = this.#right[i * n + k]! + this.#left[(k + 1) * n + j]!;
      if (sum > best) [best, this.#openSplit[at]] = [sum, k];
    }
    this.#openRight[at] = best + this.#score(j, i);
    this.#openLeft[at] = best + this.#score(i, j);
    let [bestRight, bestLeft] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let k = i + 1; k <= j; k++) {
      const sum = this.#openRight[i * n + k]! + this.#right[k * n + j]!;
      if (sum > bestRight) [bestRight, this.#rightSplit[at]] = [sum, k];
    }
    for (let k = i; k < j; k++) {
      const sum = this.#left[i * n + k]! + this.#openLeft[k * n + j]!;
      if (sum > bestLeft) [bestLeft, this.#leftSplit[at]] = [sum, k];
    }
    this.#right[at] = bestRight;
    this.#left[at] = bestLeft;
  }

  #readRight(i: number, j: number, heads: Int32Array): void {
    if (i === j) return;
    const k = this.#rightSplit[i * this.#size + j]!;
    heads[k] = i;
    this.#readOpen(i, k, heads);
    this.#readRight(k, j, heads);
  }

  #readLeft(i: number, j: number, heads: Int32Array): void {
    if (i === j) return;
    const k = this.#leftSplit[i * this.#size + j]!;
    heads[k] = j;
    this.#readOpen(k, j, heads);
    this.#readLeft(i, k, heads);
  }

  #readOpen(i: number, j: number, heads: Int32Array): void {
    const k = this.#openSplit[i * this.#size + j]!;
    this.#readRight(i, k, heads);
    this.#readLeft(k + 1, j, heads);
  }
}
