import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RgbImage } from '../../data/image/index.ts';
import { resizeBicubic, trainingCrop, trainingView } from '../../data/image/index.ts';
import { bicubicWeights, shortestSideSize } from '../../data/image/resize.ts';

/** A picture of unruly but repeatable bytes. */
function noise(width: number, height: number): RgbImage {
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i * 31 + i * 7) % 251) };
}

function pixel(image: RgbImage, x: number, y: number): number[] {
  return Array.from(image.data.subarray((y * image.width + x) * 3, (y * image.width + x) * 3 + 3));
}

function mirrored(image: RgbImage): RgbImage {
  const data = new Uint8Array(image.data.length);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) data.set(pixel(image, image.width - 1 - x, y), (y * image.width + x) * 3);
  }
  return { ...image, data };
}

const SIZES = [
  [1, 1],
  [1, 224],
  [3, 2],
  [5, 5],
  [7, 224],
  [224, 7],
  [300, 224],
  [1000, 13],
];

test('the weights of every output pixel sum to one, within rounding', () => {
  for (const [from, to] of SIZES) {
    const { first, count, weights, stride } = bicubicWeights(from, to);
    for (let out = 0; out < to; out++) {
      const sum = weights.subarray(out * stride, out * stride + count[out]).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum - 2 ** 22) <= count[out], `${from} -> ${to}, pixel ${out}: ${sum}`);
      assert.ok(first[out] >= 0 && first[out] + count[out] <= from && count[out] > 0);
    }
  }
});

test('the input window moves forward with the output pixel', () => {
  for (const [from, to] of SIZES) {
    const { first, count } = bicubicWeights(from, to);
    for (let out = 1; out < to; out++) {
      assert.ok(first[out] >= first[out - 1]);
      assert.ok(first[out] + count[out] >= first[out - 1] + count[out - 1]);
    }
  }
});

test('halving uses the kernel at its eight taps', () => {
  const { first, count, weights, stride } = bicubicWeights(64, 32);
  const taps = [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5].map((x) => Math.abs(x / 2));
  const kernel = taps.map((x) => (x < 1 ? 1.5 * x ** 3 - 2.5 * x ** 2 + 1 : -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2));
  const sum = kernel.reduce((a, b) => a + b);
  assert.is(first[16], 29);
  assert.is(count[16], 8 - 1 + 1);
  for (let k = 0; k < 8; k++) {
    assert.ok(Math.abs(weights[16 * stride + k] - (kernel[k] / sum) * 2 ** 22) <= 1, `tap ${k}`);
  }
});

test('a size that fits already changes nothing, and the result is a copy', () => {
  const image = noise(17, 9);
  const same = resizeBicubic(image, 17, 9);
  assert.equal(same, image);
  assert.is.not(same.data, image.data);
});

test('one colour stays that colour', () => {
  for (const [width, height] of [
    [1, 1],
    [5, 40],
    [97, 3],
  ]) {
    const image = { width: 23, height: 11, data: new Uint8Array(23 * 11 * 3).fill(201) };
    assert.ok(resizeBicubic(image, width, height).data.every((value) => value === 201));
  }
});

test('a mirrored picture gives the mirrored result', () => {
  for (const width of [5, 20, 61]) {
    const image = noise(20, 6);
    assert.equal(mirrored(resizeBicubic(image, width, 6)), resizeBicubic(mirrored(image), width, 6));
  }
});

test('a window is the same part of the whole result', () => {
  for (const [width, height] of [
    [30, 40],
    [13, 40],
    [30, 8],
    [13, 8],
  ]) {
    const image = noise(13, 8);
    const whole = resizeBicubic(image, width, height);
    const part = resizeBicubic(image, width, height, { left: 3, top: 2, width: 7, height: 5 });
    for (let y = 0; y < 5; y++) {
      for (let x = 0; x < 7; x++) assert.equal(pixel(part, x, y), pixel(whole, x + 3, y + 2));
    }
  }
});

test('extreme shapes of training pictures cost no more than their crop', () => {
  const crop = trainingCrop(noise(1, 20000));
  assert.equal([crop.width, crop.height], [224, 224]);
});

test('the training view: long side rounded down, offset rounded half to even', () => {
  assert.equal(trainingView(500, 375), { resizedWidth: 298, resizedHeight: 224, left: 37, top: 0, size: 224 });
  assert.equal(trainingView(37, 53), { resizedWidth: 224, resizedHeight: 320, left: 0, top: 48, size: 224 });
  assert.is(trainingView(225, 224).left, 0);
  assert.is(trainingView(227, 224).left, 2);
  assert.is(trainingView(229, 224).left, 2);
  assert.equal(shortestSideSize(224, 999, 224), { width: 224, height: 999 });
});

test('sizes and windows that make no sense are refused', () => {
  const image = noise(4, 4);
  assert.throws(() => resizeBicubic(image, 0, 4), /at least 1, got 0x4/);
  assert.throws(() => resizeBicubic(image, 4, 2.5), /whole numbers/);
  assert.throws(() => resizeBicubic(image, 8, 8, { left: 5, top: 0, width: 4, height: 4 }), /do not lie inside 8x8/);
  assert.throws(() => resizeBicubic({ ...image, width: 5 }, 8, 8), /says 5x4 pixels and holds 48 bytes/);
});

test.run();
