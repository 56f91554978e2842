/** Strides and layouts against indexing by hand. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  broadcastLayout,
  broadcastShapes,
  checkShape,
  collapseAxes,
  contiguousLayout,
  contiguousStrides,
  isContiguous,
  type Layout,
  normalizeAxis,
  type Shape,
  sizeOf,
} from '../../engine/shape.ts';
import { uniform } from './interpret.ts';

/** All places of a shape, row-major. */
function places(shape: Shape): number[][] {
  return shape.reduce<number[][]>(
    (list, extent) => list.flatMap((at) => Array.from({ length: extent }, (_, i) => [...at, i])),
    [[]],
  );
}

function offsets(shape: Shape, strides: readonly number[], offset = 0): number[] {
  return places(shape).map((at) => at.reduce((sum, i, axis) => sum + i * strides[axis], offset));
}

const layoutOffsets = ({ shape, strides, offset }: Layout) => offsets(shape, strides, offset);

function randomShape(random: () => number, rank = Math.floor(random() * 5)): number[] {
  return Array.from({ length: rank }, () => 1 + Math.floor(random() * 4));
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return [...list.entries()]
    .map(([, value]) => [random(), value] as const)
    .sort((a, b) => a[0] - b[0])
    .map(([, value]) => value);
}

test('row-major strides count the elements in order', () => {
  const random = uniform(1);
  for (let i = 0; i < 100; i++) {
    const shape = randomShape(random);
    assert.equal(
      offsets(shape, contiguousStrides(shape)),
      Array.from({ length: sizeOf(shape) }, (_, at) => at),
    );
  }
});

test('collapsed axes visit the same elements in the same order, for all layouts at once', () => {
  const random = uniform(2);
  let fewer = 0;
  for (let i = 0; i < 500; i++) {
    const shape = randomShape(random);
    const lists = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
      const kind = random();
      if (kind < 0.4) return contiguousStrides(shape);
      if (kind < 0.6) return shape.map(() => (random() < 0.5 ? 0 : Math.floor(random() * 9)));
      if (kind < 0.8) return contiguousStrides(shape.map((extent) => extent + 1));
      return broadcastLayout(contiguousLayout(shape.map((extent) => (random() < 0.4 ? 1 : extent))), shape).strides;
    });
    const collapsed = collapseAxes(shape, lists);
    assert.ok(collapsed.shape.length >= 1 && collapsed.shape.length <= Math.max(1, shape.length));
    if (collapsed.shape.length < shape.length) fewer++;
    for (const [at, list] of lists.entries()) {
      assert.equal(offsets(collapsed.shape, collapsed.strides[at]), offsets(shape, list));
    }
  }
  assert.ok(fewer > 100, 'and often in fewer axes');
  assert.equal(collapseAxes([2, 3, 4], [[12, 4, 1]]), { shape: [24], strides: [[1]] });
  assert.equal(collapseAxes([1, 1], [[0, 0]]), { shape: [1], strides: [[0]] });
});

test('a layout is contiguous exactly where its elements lie in order from the start', () => {
  const random = uniform(3);
  const seen = { yes: 0, no: 0 };
  for (let i = 0; i < 400; i++) {
    const shape = randomShape(random);
    const axes =
      random() < 0.5
        ? shape.map((_, axis) => axis)
        : shuffled(
            shape.map((_, axis) => axis),
            random,
          );
    const base = contiguousStrides(shape);
    const layout = {
      shape: axes.map((axis) => shape[axis]),
      strides: axes.map((axis) => base[axis]),
      offset: random() < 0.1 ? 1 : 0,
    };
    const expected = layoutOffsets(layout).every((at, position) => at === position);
    assert.is(isContiguous(layout), expected);
    seen[expected ? 'yes' : 'no']++;
  }
  assert.ok(seen.yes > 50 && seen.no > 50);
});

test('broadcasting repeats along new axes and axes of extent 1', () => {
  const random = uniform(4);
  for (let i = 0; i < 200; i++) {
    const shape = randomShape(random);
    const own = shape.slice(Math.floor(random() * (shape.length + 1))).map((extent) => (random() < 0.4 ? 1 : extent));
    assert.equal(broadcastShapes('test', own, shape), shape);
    const missing = shape.length - own.length;
    const strides = contiguousStrides(own);
    const expected = places(shape).map((at) =>
      own.reduce((sum, extent, axis) => sum + (extent === 1 ? 0 : at[missing + axis]) * strides[axis], 0),
    );
    assert.equal(layoutOffsets(broadcastLayout(contiguousLayout(own), shape)), expected);
  }
  assert.equal(broadcastShapes('test', [3, 1], [4], [2, 1, 1]), [2, 3, 4]);
  assert.throws(() => broadcastShapes('mix', [2, 3], [3, 2]), /^mix: shapes \[2, 3\] and \[3, 2\] do not broadcast$/);
});

test('axes and shapes out of range', () => {
  assert.is(normalizeAxis('test', -1, 3), 2);
  assert.is(normalizeAxis('test', 0, 1), 0);
  for (const axis of [3, -4, 0.5])
    assert.throws(() => normalizeAxis('sum', axis, 3), /^sum: axis .* is out of range for rank 3$/);
  for (const shape of [[0], [2, -1], [1.5], [Number.NaN], [2 ** 60]])
    assert.throws(() => checkShape('zeros', shape), /^zeros: shape/);
  checkShape('zeros', [1, 2, 3]);
});

test.run();
