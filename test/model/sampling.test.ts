/** Drawing tokens: frequencies, temperature, nucleus, bans, the same draws for the same seed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bannedLogit } from '../../engine/ops/index.ts';
import { checkSampling, sampleToken } from '../../model/sampling.ts';

const probabilities = [0.5, 0.3, 0.15, 0.05];
// a common offset changes nothing
const logits = probabilities.map((p) => Math.log(p) + 7);
const draws = 4000;

function frequencies(values: readonly number[], temperature: number, topP: number, seed = 5): number[] {
  const counts = new Array<number>(values.length).fill(0);
  for (let step = 0; step < draws; step++) counts[sampleToken(values, { temperature, topP, seed }, 0, step)]++;
  return counts.map((count) => count / draws);
}

/** Within four standard deviations; what is impossible must never come. */
function agree(actual: readonly number[], expected: readonly number[]): void {
  for (const [i, p] of expected.entries()) {
    const limit = 4 * Math.sqrt((p * (1 - p)) / draws);
    assert.ok(Math.abs(actual[i] - p) <= limit, `token ${i}: ${actual[i]} instead of ${p}`);
  }
}

const normalised = (weights: readonly number[]) => {
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
};

test('tokens come as often as the softmax says', () => {
  agree(frequencies(logits, 1, 1), probabilities);
});

test('temperature is a power of the probabilities', () => {
  agree(frequencies(logits, 0.5, 1), normalised(probabilities.map((p) => p ** 2)));
  agree(frequencies(logits, 2, 1), normalised(probabilities.map((p) => p ** 0.5)));
});

test('the nucleus is the smallest set that reaches top-p', () => {
  agree(frequencies(logits, 1, 0.75), [0.625, 0.375, 0, 0]);
  agree(frequencies(logits, 1, 0.85), [...normalised(probabilities.slice(0, 3)), 0]);
  agree(frequencies(logits, 1, 1e-9), [1, 0, 0, 0]);
});

test('banned tokens never come', () => {
  agree(frequencies([bannedLogit, ...logits.slice(1)], 1, 1), [0, ...normalised(probabilities.slice(1))]);
});

test('a tiny temperature takes the likeliest, large logits overflow nothing', () => {
  assert.equal(frequencies([1, 3, 2.9], 1e-3, 1), [0, 1, 0]);
  assert.equal(frequencies([-3e4, 3e4, 0], 1, 1), [0, 1, 0]);
});

test('draws depend on seed, row and step alone', () => {
  const draw = (seed: number, row: number) =>
    Array.from({ length: 64 }, (_, step) => sampleToken(logits, { temperature: 1, topP: 1, seed }, row, step));
  assert.equal(draw(1, 0), draw(1, 0));
  assert.not.equal(draw(1, 0), draw(2, 0));
  assert.not.equal(draw(1, 0), draw(1, 1));
  assert.not.equal(draw(1, 0), draw(2 ** 32 + 1, 0));
});

test('logits of which none can be drawn', () => {
  for (const values of [
    [Number.NaN, Number.NaN],
    [bannedLogit, bannedLogit],
  ]) {
    assert.throws(() => sampleToken(values, { temperature: 1, topP: 1, seed: 1 }, 0, 0), /no token can be drawn/);
  }
});

test('settings that make no sense', () => {
  const right = { temperature: 1, topP: 1, seed: 0 };
  checkSampling(right);
  for (const temperature of [0, -1, Number.NaN, Infinity])
    assert.throws(() => checkSampling({ ...right, temperature }), /temperature must be a positive number/);
  for (const topP of [0, 1.01, Number.NaN]) assert.throws(() => checkSampling({ ...right, topP }), /top-p must lie/);
  for (const seed of [-1, 0.5, 2 ** 60]) assert.throws(() => checkSampling({ ...right, seed }), /seed must be a whole/);
});

test.run();
