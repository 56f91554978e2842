/** The best tree: against all trees of small sentences, with cycles to break and one root alone. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bestProjectiveTree, hasCrossingArcs } from '../../../../data/grit/parser/projective-tree.ts';
import { bestTree } from '../../../../data/grit/parser/tree.ts';
import { uniforms } from '../../../../engine/random.ts';

/** The largest sum of a choice of heads that is a tree with one root. */
function bestOfAll(size: number, scores: Float32Array, counts = (_heads: readonly number[]) => true): number {
  let best = Number.NEGATIVE_INFINITY;
  const heads = new Array<number>(size).fill(0);
  for (let code = 0; code < (size + 1) ** size; code++) {
    let rest = code;
    for (let word = 0; word < size; word++) {
      heads[word] = rest % (size + 1);
      rest = Math.floor(rest / (size + 1));
    }
    if (isTree(heads, size) && counts(heads)) best = Math.max(best, sumOf(heads, size, scores));
  }
  return best;
}

function isTree(heads: readonly number[], size: number): boolean {
  if (heads.filter((head) => head === size).length !== 1) return false;
  return heads.every((_, word) => {
    let at = word;
    for (let steps = 0; steps <= size; steps++) {
      if (at === size) return true;
      at = heads[at];
    }
    return false;
  });
}

/** Whether two arcs cross, or one covers the root; the head of the root is `size`. */
function crosses(heads: readonly number[], size: number): boolean {
  const ends = heads.map((head, word) =>
    head === size ? [word, Number.POSITIVE_INFINITY] : [Math.min(word, head), Math.max(word, head)],
  );
  return ends.some(([a, b]) => ends.some(([c, d]) => a < c && c < b && b < d));
}

function sumOf(heads: readonly number[], size: number, scores: Float32Array): number {
  return heads.reduce((sum, head, word) => sum + scores[word * (size + 1) + head], 0);
}

test('no tree of up to five words scores higher', () => {
  for (let size = 1; size <= 5; size++) {
    for (let trial = 0; trial < 40; trial++) {
      const scores = uniforms(trial, size, 0, size * (size + 1)).map((value) => 20 * value - 10);
      const heads = [...bestTree({ size, scores })].map((head) => (head === -1 ? size : head));
      assert.ok(isTree(heads, size), `${size} words, trial ${trial}: ${heads}`);
      const gap = bestOfAll(size, scores) - sumOf(heads, size, scores);
      assert.ok(gap < 1e-4, `${size} words, trial ${trial}: ${gap} below the best`);
    }
  }
});

test('no tree without crossing arcs scores higher than the best projective one', () => {
  let crossed = 0;
  for (let size = 1; size <= 5; size++) {
    for (let trial = 0; trial < 40; trial++) {
      const scores = uniforms(trial, size, 1, size * (size + 1)).map((value) => 20 * value - 10);
      const heads = [...bestProjectiveTree({ size, scores })].map((head) => (head === -1 ? size : head));
      assert.ok(isTree(heads, size) && !crosses(heads, size), `${size} words, trial ${trial}: ${heads}`);
      const best = bestOfAll(size, scores, (others) => !crosses(others, size));
      assert.ok(Math.abs(best - sumOf(heads, size, scores)) < 1e-4, `${size} words, trial ${trial}`);
      crossed += Number(hasCrossingArcs(bestTree({ size, scores })));
    }
  }
  assert.ok(crossed > 10, 'some of the best trees have crossing arcs');
  assert.equal([...bestProjectiveTree({ size: 0, scores: new Float32Array(0) })], []);
});

test('arcs that cross', () => {
  assert.is(hasCrossingArcs([-1, 0, 1]), false);
  assert.is(hasCrossingArcs([2, -1, 1]), true, 'the root lies below an arc');
  assert.is(hasCrossingArcs([-1, 3, 0, 0]), true);
  assert.is(hasCrossingArcs([]), false);
});

test('words that would all hang on the root have one root', () => {
  const size = 30;
  const scores = Float32Array.from({ length: size * (size + 1) }, (_, i) => (i % (size + 1) === size ? 5 : 0));
  const heads = [...bestTree({ size, scores })];
  assert.is(heads.filter((head) => head === -1).length, 1);
  assert.ok(
    isTree(
      heads.map((head) => (head === -1 ? size : head)),
      size,
    ),
  );
});

test('a cycle within a cycle is broken', () => {
  // 0 ⇄ 1 and 2 ⇄ 3 attract each other strongly, and the two pairs one another
  const scores = new Float32Array(4 * 5);
  const set = (word: number, head: number, score: number) => {
    scores[word * 5 + head] = score;
  };
  for (const [a, b] of [
    [0, 1],
    [2, 3],
  ]) {
    set(a, b, 10);
    set(b, a, 10);
  }
  set(0, 2, 6);
  set(3, 1, 6);
  set(1, 4, 1);
  assert.equal([...bestTree({ size: 4, scores })], [1, -1, 3, 1]);
});

test('no words, no heads', () => {
  assert.equal([...bestTree({ size: 0, scores: new Float32Array(0) })], []);
});

test.run();
