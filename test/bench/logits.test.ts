/** The comparison of logits. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareLogits } from '../../bench/logits.ts';

test('differences in spreads, and rows whose best token stays', () => {
  const expected = Float32Array.of(2, 0, -2, 0, 2, -2);
  const same = compareLogits(expected, expected, 3);
  assert.equal([same.rootMeanSquare, same.largest, same.sameBest, same.rows], [0, 0, 2, 2]);
  assert.ok(same.sameBestAtTheEnd);
  const moved = compareLogits(Float32Array.of(2, 0, -2, 0, 0, 0.5), expected, 3);
  const spread = Math.sqrt(16 / 6);
  assert.ok(Math.abs(moved.spread - spread) < 1e-12);
  assert.ok(Math.abs(moved.largest - 2.5 / spread) < 1e-12);
  assert.ok(Math.abs(moved.rootMeanSquare - Math.sqrt((4 + 6.25) / 6) / spread) < 1e-12);
  assert.equal([moved.sameBest, moved.sameBestAtTheEnd], [1, false]);
});

test('logits of different numbers, and NaN', () => {
  assert.throws(() => compareLogits(new Float32Array(6), new Float32Array(3), 3), /6 logits cannot be compared with 3/);
  assert.ok(Number.isNaN(compareLogits(Float32Array.of(1, Number.NaN), Float32Array.of(1, 2), 2).largest));
});

test.run();
