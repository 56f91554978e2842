/** Products by WebAssembly against those in plain TypeScript. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { availableProducts, plainProducts } from '../../../../data/grit/parser/products.ts';
import { simdModule } from '../../../../data/grit/parser/simd-module.ts';
import { uniforms } from '../../../../engine/random.ts';

const random = (stream: number, count: number) => uniforms(1, stream, 0, count).map((value) => 2 * value - 1);

test('the module is valid and is used', () => {
  assert.ok(WebAssembly.validate(simdModule()));
  assert.is.not(availableProducts(), plainProducts);
});

test('all extents, also those that are no multiples of what it takes at a time', () => {
  const products = availableProducts();
  for (const [rows, inner, columns] of [
    [1, 1, 1],
    [4, 8, 8],
    [5, 3, 17],
    [7, 160, 67],
    [64, 480, 160],
    [0, 4, 4],
  ]) {
    const matrix = { weight: random(1, inner * columns), bias: random(2, columns) };
    const x = { data: random(3, rows * inner), rows, width: inner };
    const [given, expected] = [products.of(matrix)(x), plainProducts.of(matrix)(x)];
    assert.is(given.width, columns);
    assert.is(given.data.length, rows * columns);
    for (const [i, value] of expected.data.entries())
      assert.ok(
        Math.abs(given.data[i] - value) < 1e-4,
        `${rows}×${inner}×${columns} at ${i}: ${given.data[i]}, ${value}`,
      );
  }
});

test('matrices do not disturb each other, and memory grows', () => {
  const products = availableProducts();
  const matrices = [1, 2, 3].map((stream) => ({ weight: random(stream, 64 * 64), bias: new Float32Array(64) }));
  const all = matrices.map((matrix) => products.of(matrix));
  const x = { data: random(9, 4096 * 64), rows: 4096, width: 64 };
  for (const [i, product] of all.entries()) {
    const expected = plainProducts.of(matrices[i])(x);
    assert.ok(product(x).data.every((value, at) => Math.abs(value - expected.data[at]) < 1e-4));
  }
});

test.run();
