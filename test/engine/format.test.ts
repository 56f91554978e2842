/** Elements as text: brackets, aligned columns, exponents, and what is left out. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatValues } from '../../engine/format.ts';

test('nested brackets follow the axes', () => {
  assert.is(formatValues([], [2.5]), '2.5');
  assert.is(formatValues([3], [1, -2, 3]), '[ 1, -2,  3]');
  assert.is(formatValues([2, 3], [1, 2, 3, 4, 5, 6]), '[[1, 2, 3],\n [4, 5, 6]]');
  assert.is(formatValues([2, 1, 2], [1, 2, 3, 4]), '[[[1, 2]],\n\n [[3, 4]]]');
});

test('points stand below each other, with as many digits as are needed', () => {
  assert.is(formatValues([2, 2], [0.5, -1.25, 10, 0]), '[[ 0.50, -1.25],\n [10.00,  0.00]]');
  assert.is(formatValues([2], [1 / 3, 100]), '[  0.3333, 100.0000]');
  assert.is(formatValues([2], [1 / 3, 1], { precision: 2 }), '[0.33, 1.00]');
});

test('very small and very large numbers have exponents, and what is no number is written as it is', () => {
  assert.is(formatValues([2], [1e-6, 0.25]), '[1.0000e-6, 2.5000e-1]');
  assert.is(formatValues([2], [3e38, 1]), '[3.0000e+38,  1.0000e+0]');
  assert.is(formatValues([3], [Number.NaN, Number.NEGATIVE_INFINITY, 1]), '[      NaN, -Infinity,         1]');
});

test('large tensors are shortened at both ends of every axis', () => {
  const values = Float32Array.from({ length: 2000 }, (_, i) => i);
  assert.is(formatValues([2000], values, { edge: 2 }), '[   0,    1, …, 1998, 1999]');
  assert.is(formatValues([200, 10], values, { edge: 1 }), '[[   0, …,    9],\n …,\n [1990, …, 1999]]');
  assert.is(formatValues([4], [1, 2, 3, 4], { threshold: 3, edge: 1 }), '[1, …, 4]');
});

test('long rows go on in the next line', () => {
  const values = Array.from({ length: 12 }, (_, i) => i + 100);
  assert.is(
    formatValues([12], values, { width: 22 }),
    '[100, 101, 102, 103,\n 104, 105, 106, 107,\n 108, 109, 110, 111]',
  );
});

test.run();
