import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { showDuration, showNumber, showWhole } from '../../report/format.ts';
import { MovingAverage } from '../../report/moving-average.ts';

test('numbers', () => {
  assert.equal(
    [0, 2.34567, 0.0123456, 1.98e-4, 2e-4, -3.2e-10, 12345.6, 1234.5, 0.1, 4e12, Number.NaN].map((value) =>
      showNumber(value),
    ),
    ['0', '2.346', '0.01235', '1.98e-4', '2e-4', '-3.2e-10', '12,346', '1,235', '0.1', '4e12', 'NaN'],
  );
  assert.is(showNumber(123456, 2), '123,456');
  assert.is(showWhole(59999.6), '60,000');
});

test('durations', () => {
  assert.equal([0.4, 59.6, 185, 3599.7, 8040, 86_399, 274_000].map(showDuration), [
    '0 s',
    '1 min 0 s',
    '3 min 5 s',
    '1 h 0 min',
    '2 h 14 min',
    '1 d 0 h',
    '3 d 4 h',
  ]);
});

test('a moving average of equal values is that value, and follows a change', () => {
  const average = new MovingAverage(10);
  assert.ok(Number.isNaN(average.value));
  for (let i = 0; i < 5; i++) assert.ok(Math.abs(average.add(3) - 3) < 1e-12);
  average.add(Number.POSITIVE_INFINITY);
  for (let i = 0; i < 100; i++) average.add(7);
  assert.ok(Math.abs(average.value - 7) < 1e-3);
});

test.run();
