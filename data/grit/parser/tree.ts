/** The best dependency tree for given scores of arcs: Chu–Liu/Edmonds (Chu and Liu 1965, Edmonds 1967), with exactly one root. */

/** Scores of arcs of one sentence of n words, in rows by dependent: n columns for the words as heads and a last one for the root. */
export interface ArcScores {
  readonly size: number;
  readonly scores: Float32Array | Float64Array;
}

/** Head of every word, −1 for the root, of the tree with the largest sum of scores. O(n²) for each cycle that has to be broken. */
export function bestTree({ size, scores }: ArcScores): Int32Array {
  if (size === 0) return new Int32Array(0);
  const columns = size + 1;
  // Paying once more for every arc from the root than any tree could gain leaves one such arc; the best root is found among them.
  const weights = Float64Array.from(scores);
  const heads = greedyHeads(weights, size);
  if (countRoots(heads, size) === 1 && findCycle(heads, size) === null) return withRoot(heads, size);
  let [least, largest] = [Infinity, -Infinity];
  for (const [i, score] of weights.entries()) {
    if (Math.floor(i / columns) === i % columns) continue;
    least = Math.min(least, score);
    largest = Math.max(largest, score);
  }
  const fine = (largest - least + 1) * (size + 1);
  for (let word = 0; word < size; word++) weights[word * columns + size]! -= fine;
  return withRoot(maximumArborescence(weights, size), size);
}

/** The best head of each word by itself; `size` stands for the root. */
function greedyHeads(weights: Float64Array, size: number): Int32Array {
  const heads = new Int32Array(size).fill(size);
  for (let word = 0; word < size; word++) {
    const row = word * (size + 1);
    for (let head = 0; head < size; head++) {
      if (head !== word && weights[row + head]! > weights[row + heads[word]!]!) heads[word] = head;
    }
  }
  return heads;
}

function countRoots(heads: Int32Array, size: number): number {
  return heads.reduce((count, head) => count + Number(head === size), 0);
}

function withRoot(heads: Int32Array, size: number): Int32Array {
  return heads.map((head) => (head === size ? -1 : head));
}

/** Words of one cycle, or null. */
function findCycle(heads: Int32Array, size: number): number[] | null {
  // The walk in which a word was met; the first word of a walk names it.
  const metIn = new Int32Array(size).fill(-1);
  for (let first = 0; first < size; first++) {
    let word = first;
    while (word !== size && metIn[word] === -1) {
      metIn[word] = first;
      word = heads[word]!;
    }
    if (word === size || metIn[word] !== first) continue;
    const cycle = [word];
    for (let next = heads[word]!; next !== word; next = heads[next]!) cycle.push(next);
    return cycle;
  }
  return null;
}

/** Heads of the best tree that may have several roots: breaks a cycle by making it one word, and solves what is left. */
function maximumArborescence(weights: Float64Array, size: number): Int32Array {
  const heads = greedyHeads(weights, size);
  const cycle = findCycle(heads, size);
  if (cycle === null) return heads;
  const inCycle = new Set(cycle);
  const outside = [...heads.keys()].filter((word) => !inCycle.has(word));
  const contracted = contract(weights, size, heads, cycle, outside);
  const inner = maximumArborescence(contracted.weights, outside.length + 1);

  // Word `outside.length` of the smaller problem is the cycle, and the number behind it is the root.
  const merged = outside.length;
  const original = (head: number) => (head === merged + 1 ? size : outside[head]!);
  for (const [i, word] of outside.entries()) {
    const head = inner[i]!;
    heads[word] = head === merged ? contracted.leave[i]! : original(head);
  }
  const entering = inner[merged]!;
  const isFromRoot = entering === merged + 1;
  heads[contracted.enter[isFromRoot ? merged : entering]!] = original(entering);
  return heads;
}

interface Contraction {
  readonly weights: Float64Array;
  /** For each word outside: its best head within the cycle. */
  readonly leave: Int32Array;
  /** For each word outside, and last the root: the word of the cycle that it would best be the head of. */
  readonly enter: Int32Array;
}

function contract(
  weights: Float64Array,
  size: number,
  heads: Int32Array,
  cycle: readonly number[],
  outside: readonly number[],
): Contraction {
  const columns = size + 1;
  const merged = outside.length;
  const newColumns = merged + 2;
  const smaller = new Float64Array((merged + 1) * newColumns).fill(-Infinity);
  const leave = new Int32Array(merged);
  const enter = new Int32Array(merged + 1);
  for (const [i, word] of outside.entries()) {
    const row = word * columns;
    for (const [j, head] of outside.entries()) smaller[i * newColumns + j] = weights[row + head]!;
    smaller[i * newColumns + merged + 1] = weights[row + size]!;
    leave[i] = cycle.reduce((best, head) => (weights[row + head]! > weights[row + best]! ? head : best));
    smaller[i * newColumns + merged] = weights[row + leave[i]!]!;
  }
  for (const [i, head] of [...outside, size].entries()) {
    const gain = (word: number) => weights[word * columns + head]! - weights[word * columns + heads[word]!]!;
    enter[i] = cycle.reduce((best, word) => (gain(word) > gain(best) ? word : best));
    smaller[merged * newColumns + (i === merged ? merged + 1 : i)] = gain(enter[i]!);
  }
  return { weights: smaller, leave, enter };
}
