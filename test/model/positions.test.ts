/** Sinusoidal positions and the position ids of padded rows; interpolation of the position embeddings of pictures. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { positionIds, sinusoidTable } from '../../model/positions.ts';
import { interpolationMatrix } from '../../model/vision.ts';

/** Figures of the reference implementation, whose float32 functions may differ in the last place. */
function near(actual: ArrayLike<number>, expected: readonly number[]): void {
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(actual[i] - value) <= 1.5e-7, `${i}: ${actual[i]}, not ${value}`);
  }
}

test('rows of the full-size table', () => {
  const width = 2048;
  const half = width / 2;
  const table = sinusoidTable(70, width);
  const row = (p: number) => table.subarray(p * width, (p + 1) * width);
  assert.ok(row(1).every((value) => value === 0));
  near(row(2), [0.9092974, 0.91661066, 0.92356783]);
  near(row(2).subarray(half - 1), [2.0000017e-4]);
  near(row(2).subarray(half), [-0.4161468, -0.3997811, -0.38343516]);
  near(row(2).subarray(width - 1), [1]);
  near(row(68), [-0.8979277, -0.9882089, -0.72639954]);
  near(row(68).subarray(half), [0.44014302, -0.15311159, -0.68727267]);
  // row 0 has angle 0 throughout
  assert.ok(
    row(0)
      .subarray(0, half)
      .every((value) => value === 0),
  );
  assert.ok(
    row(0)
      .subarray(half)
      .every((value) => value === 1),
  );
});

test('another padding row', () => {
  const table = sinusoidTable(4, 8, 3);
  assert.ok(table.subarray(24).every((value) => value === 0));
  assert.ok(table.subarray(8, 16).some((value) => value !== 0));
});

test('position ids count real tokens from the row after the padding row', () => {
  assert.equal(positionIds([0, 7, 8], 1), [2, 3, 4]);
  assert.equal(positionIds([0, 7, 8, 1, 1], 1), [2, 3, 4, 1, 1]);
  assert.equal(positionIds([1, 1, 0, 7, 8], 1), [1, 1, 2, 3, 4]);
  assert.equal(positionIds([5, 3, 6], 3), [4, 3, 5]);
  // the slots of the published model have the ids 4 … 67, which are their positions as well
  const prompt = [0, 64003, ...Array.from({ length: 64 }, (_, i) => 4 + i), 64004, 99];
  const positions = positionIds(prompt, 1);
  assert.equal(positions.slice(2, 66), prompt.slice(2, 66));
  assert.equal(positions.slice(66), [68, 69]);
});

test('a picture of the configured size keeps its position embeddings', () => {
  const { data, shape } = interpolationMatrix(3, 3, 3);
  assert.equal(shape, [9, 9]);
  for (let i = 0; i < 81; i++) assert.is(Math.abs(data[i] - (i % 10 === 0 ? 1 : 0)) < 1e-7, true);
});

test('interpolation keeps constants, and halves of two by the cubic with a = −0.75', () => {
  const { data, shape } = interpolationMatrix(4, 6, 5);
  assert.equal(shape, [30, 16]);
  for (let row = 0; row < 30; row++) {
    const sum = Array.from(data.subarray(row * 16, (row + 1) * 16)).reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(sum - 1) < 1e-6);
  }
  // 2 → 4: the second output lies at 0.25 between the inputs, taps past the border repeat it
  const half = interpolationMatrix(2, 4, 2).data;
  const weights = [1.25, 0.25, 0.75, 1.75].map((x) =>
    x <= 1 ? (1.25 * x - 2.25) * x * x + 1 : ((-0.75 * x + 3.75) * x - 6) * x + 3,
  );
  const first = weights[0] + weights[1];
  assert.ok(Math.abs(half[1 * 2 * 4] - first) < 1e-6, `${half[8]}, not ${first}`);
});

test.run();
