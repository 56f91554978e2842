/** Philox against the published test vectors of its authors' library (Random123, kat_vectors). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { philox, uniform, uniforms } from '../../engine/random.ts';

const hex = (words: readonly number[]) => words.map((word) => word.toString(16).padStart(8, '0')).join(' ');

test('known vectors', () => {
  const ones = 0xffffffff;
  assert.is(hex(philox([0, 0, 0, 0], [0, 0])), '6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  assert.is(hex(philox([ones, ones, ones, ones], [ones, ones])), '408f276d 41c83b0e a20bc7c6 6d5451fd');
  assert.is(
    hex(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])),
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  );
});

test('uniform numbers lie in [0, 1), use the whole seed, and fill the interval evenly', () => {
  assert.is(uniform(0, 0, 0), 0x6627e8d5 / 2 ** 32);
  assert.not.equal(uniform(1, 0, 0), uniform(1 + 2 ** 32, 0, 0));
  const bins = new Array<number>(10).fill(0);
  for (let i = 0; i < 5000; i++) {
    const value = uniform(42, 3, i);
    assert.ok(value >= 0 && value < 1);
    bins[Math.floor(value * 10)]++;
  }
  // χ² with 9 degrees of freedom lies below 27.9 in 999 of 1000 cases
  const chiSquare = bins.reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0);
  assert.ok(chiSquare < 27.9, `χ² = ${chiSquare}`);
});

test('a stream of uniform numbers can be had from any place on', () => {
  const all = uniforms(5, 2, 0, 40);
  for (const [first, count] of [
    [0, 7],
    [3, 1],
    [5, 30],
    [39, 1],
  ])
    assert.equal(uniforms(5, 2, first, count), all.slice(first, first + count));
  assert.ok(all.every((value) => value >= 0 && value < 1));
  assert.not.equal(uniforms(5, 3, 0, 4), all.slice(0, 4));
  assert.not.equal(uniforms(6, 2, 0, 4), all.slice(0, 4));
  assert.is(uniforms(5, 2, 2 ** 35, 3).length, 3);
});

test.run();
