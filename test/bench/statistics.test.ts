/** Medians, quartiles, and what is said about goals. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cases } from '../../bench/cases.ts';
import type { Result } from '../../bench/compare.ts';
import { goalsOf } from '../../bench/goals.ts';
import { median, timesOf } from '../../bench/statistics.ts';
import { caseLines, goalTable } from '../../bench/table.ts';

const test = suite('bench: numbers');

test('median and quartiles lie between neighbours', () => {
  assert.is(median([3, 1, 2]), 2);
  assert.is(median([4, 1, 3, 2]), 2.5);
  assert.equal(timesOf([5, 1, 4, 2, 3]), { median: 3, quartiles: [2, 4], runs: 5 });
  assert.equal(timesOf([7]), { median: 7, quartiles: [7, 7], runs: 1 });
  assert.throws(() => median([]), /no runs/);
});

const square = cases.find(({ name }) => name === 'matmul-512x512x512-NN')!;
const timed = (engine: Result['engine'], milliseconds: number): Result => {
  return { engine, times: timesOf([milliseconds]), deviation: 1e-7, reason: null };
};
const absent = (engine: Result['engine'], reason: string): Result => {
  return { engine, times: null, deviation: null, reason };
};

test('a goal is about the fastest of its peers, and about none where none ran', () => {
  const results = [timed('own', 10), absent('onnxruntime', 'not here'), timed('jax-js', 25), timed('tfjs', 40)];
  const goals = goalsOf(square, results, (4 * 2 * 512 ** 3) / 10e-3);
  assert.equal(
    goals.map(({ found, met }) => [found, met]),
    [
      ['no peer ran', null],
      ['2.50 ×', false],
      ['25.0 %', true],
    ],
  );
  const without = goalsOf(square, [absent('own', 'wrong'), timed('onnxruntime', 1)], null);
  assert.equal(
    without.map(({ met }) => met),
    [false, false, null],
  );
});

test('the tables name what is missing and why', () => {
  const lines = caseLines([timed('own', 10), absent('tfjs', 'it has no such thing')], 1e9);
  assert.match(lines[0], /^ {2}this code {2}10\.0 ms \(10\.0 … 10\.0, 1 runs\), 100\.0 GFLOP\/s, off by 1\.0e-7$/);
  assert.match(lines[1], /^ {2}tfjs {7}— {2}it has no such thing$/);
  const table = goalTable([{ title: 'work', goal: { text: 'goal', found: 'nothing', met: null } }]);
  assert.match(table, /\| work \| goal \| nothing \| — \|$/);
});

test.run();
