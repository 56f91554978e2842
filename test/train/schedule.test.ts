import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { learningRate, type Schedule } from '../../train/schedule.ts';
import { skipUnlessShared } from '../shared.ts';

const LINEAR: Schedule = { kind: 'linear', warmup: 375, minimum: 0, cooldown: 0 };

function close(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-15 * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);
}

test('the rates of the paper: up to 2e-4 in 375 steps, down to 0 at step 60,000', () => {
  const rate = (step: number) => learningRate(step, 60_000, 2e-4, LINEAR);
  close(rate(1), 2e-4 / 375);
  assert.is(rate(375), 2e-4);
  close(rate(376), (2e-4 * 59_624) / 59_625);
  close(rate(375 + 59_625 / 3), (2e-4 * 2) / 3);
  assert.is(rate(60_000), 0);
});

test('a cosine falls through the middle to the minimum', () => {
  const rate = (step: number) => learningRate(step, 110, 1, { kind: 'cosine', warmup: 10, minimum: 0.1, cooldown: 0 });
  assert.is(rate(5), 0.5);
  assert.is(rate(10), 1);
  close(rate(60), 0.55);
  close(rate(110), 0.1);
});

test('a constant rate falls in its last steps alone, whatever the length of the run', () => {
  const rate = (step: number, steps: number) =>
    learningRate(step, steps, 2, { kind: 'constant', warmup: 4, minimum: 0.5, cooldown: 10 });
  assert.is(rate(2, 100), 1);
  assert.is(rate(90, 100), 2);
  assert.is(rate(95, 100), 1.25);
  assert.is(rate(100, 100), 0.5);
  assert.is(rate(90, 200), 2);
});

test('the minimum is where a linear fall ends; a constant rate stays at the peak', () => {
  assert.is(learningRate(100, 100, 3, { kind: 'linear', warmup: 0, minimum: 1, cooldown: 0 }), 1);
  assert.is(learningRate(1, 3, 3, { kind: 'linear', warmup: 0, minimum: 0, cooldown: 0 }), 2);
  assert.is(learningRate(1, 100, 3, { kind: 'constant', warmup: 2, minimum: 1, cooldown: 0 }), 1.5);
  assert.is(learningRate(100, 100, 3, { kind: 'constant', warmup: 2, minimum: 1, cooldown: 0 }), 3);
});

test('a run shorter than its warm-up only rises', () => {
  assert.is(learningRate(20, 20, 375, LINEAR), 20);
});

test('steps count from 1 to the last', () => {
  for (const step of [0, 1.5, 11, Number.NaN]) {
    assert.throws(() => learningRate(step, 10, 1, LINEAR), /step .* is not a whole number from 1 to 10/);
  }
});

for (const name of ['tiny-f32', 'tiny-heads', 'tiny-odd']) {
  skipUnlessShared(test, `goldens/model/${name}/training.json`, `the rates that ${name} was trained with`, (path) => {
    const { optimizer, steps } = JSON.parse(readFileSync(path, 'utf8')) as {
      optimizer: { peak_lr: number; warmup_steps: number; total_steps: number };
      steps: { step: number; lr: number }[];
    };
    const schedule: Schedule = { kind: 'linear', warmup: optimizer.warmup_steps, minimum: 0, cooldown: 0 };
    assert.is(steps.length, 20);
    for (const { step, lr } of steps) close(learningRate(step, optimizer.total_steps, optimizer.peak_lr, schedule), lr);
  });
}

test.run();
