/** Pillow's resampling of 8-bit pictures (`Image.resize` with BICUBIC), bit for bit, and the view used in training. */
import { assertRgbImage, type RgbImage } from './image.ts';

/** Fraction bits of the fixed-point weights. */
const PRECISION_BITS = 22;
const FILTER_SUPPORT = 2;

/** Keys' cubic convolution kernel with a = -0.5. */
function bicubic(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/** Which input pixels make up each output pixel along one axis. */
export interface ResampleWeights {
  /** First input pixel, for each output pixel. */
  first: Int32Array;
  /** Number of input pixels, for each output pixel. */
  count: Int32Array;
  /** `stride` weights for each output pixel, of which `count` are used: integers, 2²² = 1. */
  weights: Int32Array;
  stride: number;
}

/**
 * Weights to resample `inputSize` pixels to `outputSize`; the kernel is widened when the picture shrinks.
 * Only the output pixels from `start` on, `length` of them, are computed.
 */
export function bicubicWeights(
  inputSize: number,
  outputSize: number,
  start = 0,
  length: number = outputSize,
): ResampleWeights {
  const scale = inputSize / outputSize;
  const filterScale = Math.max(scale, 1);
  const support = FILTER_SUPPORT * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(length);
  const count = new Int32Array(length);
  const weights = new Int32Array(length * stride);
  const exact = new Float64Array(stride);
  // The reference multiplies by the reciprocal; dividing would round differently.
  const step = 1 / filterScale;
  for (let out = 0; out < length; out++) {
    const center = (start + out + 0.5) * scale;
    const from = Math.max(0, Math.trunc(center - support + 0.5));
    const to = Math.min(inputSize, Math.trunc(center + support + 0.5));
    let sum = 0;
    for (let i = 0; i < to - from; i++) {
      exact[i] = bicubic((i + from - center + 0.5) * step);
      sum += exact[i];
    }
    for (let i = 0; i < to - from; i++) {
      const fixed = (exact[i] / sum) * 2 ** PRECISION_BITS;
      weights[out * stride + i] = Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    first[out] = from;
    count[out] = to - from;
  }
  return { first, count, weights, stride };
}

/** A rectangle in pixels. */
export interface Rectangle {
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * Resizes to `width`×`height`, whatever the aspect ratio: horizontally first, the result rounded to 8 bits, then
 * vertically; a direction whose size fits already is left alone.
 * @param window the part of the resized picture that is wanted; the rest is not computed. Default: all of it
 */
export function resizeBicubic(image: RgbImage, width: number, height: number, window?: Rectangle): RgbImage {
  assertRgbImage(image, 'resizeBicubic');
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new Error(`resizeBicubic: the size must be whole numbers of at least 1, got ${width}x${height}`);
  }
  const { left, top, ...wanted } = window ?? { left: 0, top: 0, width, height };
  if (left < 0 || top < 0 || left + wanted.width > width || top + wanted.height > height) {
    throw new Error(
      `resizeBicubic: ${wanted.width}x${wanted.height} pixels at (${left}, ${top}) do not lie inside ${width}x${height}`,
    );
  }
  const narrowed =
    image.width === width
      ? crop(image, { left, top: 0, width: wanted.width, height: image.height })
      : resizeRows(image, bicubicWeights(image.width, width, left, wanted.width));
  return image.height === height
    ? crop(narrowed, { left: 0, top, ...wanted })
    : resizeColumns(narrowed, bicubicWeights(image.height, height, top, wanted.height));
}

function crop(image: RgbImage, { left, top, width, height }: Rectangle): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * image.width + left) * 3;
    data.set(image.data.subarray(start, start + width * 3), y * width * 3);
  }
  return { width, height, data };
}

function resizeRows(image: RgbImage, { first, count, weights, stride }: ResampleWeights): RgbImage {
  const width = first.length;
  const half = 1 << (PRECISION_BITS - 1);
  const source = image.data;
  const data = new Uint8ClampedArray(width * image.height * 3);
  let target = 0;
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < width; x++) {
      let red = half;
      let green = half;
      let blue = half;
      let from = (y * image.width + first[x]) * 3;
      const end = x * stride + count[x];
      for (let k = x * stride; k < end; k++, from += 3) {
        const weight = weights[k];
        red += source[from] * weight;
        green += source[from + 1] * weight;
        blue += source[from + 2] * weight;
      }
      data[target++] = red >> PRECISION_BITS;
      data[target++] = green >> PRECISION_BITS;
      data[target++] = blue >> PRECISION_BITS;
    }
  }
  return { width, height: image.height, data: new Uint8Array(data.buffer) };
}

function resizeColumns(image: RgbImage, { first, count, weights, stride }: ResampleWeights): RgbImage {
  const height = first.length;
  const rowBytes = image.width * 3;
  const sums = new Int32Array(rowBytes);
  const data = new Uint8ClampedArray(rowBytes * height);
  for (let y = 0; y < height; y++) {
    sums.fill(1 << (PRECISION_BITS - 1));
    for (let k = 0; k < count[y]; k++) {
      const weight = weights[y * stride + k];
      const row = image.data.subarray((first[y] + k) * rowBytes, (first[y] + k + 1) * rowBytes);
      for (let i = 0; i < rowBytes; i++) sums[i] += row[i] * weight;
    }
    for (let i = 0, target = y * rowBytes; i < rowBytes; i++, target++) data[target] = sums[i] >> PRECISION_BITS;
  }
  return { width: image.width, height, data: new Uint8Array(data.buffer) };
}

/** The size of a picture whose shortest side becomes `shortest`; the other side is rounded down. */
export function shortestSideSize(width: number, height: number, shortest: number): { width: number; height: number } {
  if (Math.min(width, height) === shortest) return { width, height };
  const long = Math.trunc((shortest * Math.max(width, height)) / Math.min(width, height));
  return width <= height ? { width: shortest, height: long } : { width: long, height: shortest };
}

/** How a picture is seen in training: resized, then cropped. All in pixels of the resized picture. */
export interface TrainingView {
  resizedWidth: number;
  resizedHeight: number;
  left: number;
  top: number;
  size: number;
}

/** Shortest side to `size`, then the middle square (torchvision's Resize and CenterCrop, used by KOSMOS-2's training). */
export function trainingView(width: number, height: number, size = 224): TrainingView {
  const resized = shortestSideSize(width, height, size);
  return {
    resizedWidth: resized.width,
    resizedHeight: resized.height,
    left: roundHalfToEven((resized.width - size) / 2),
    top: roundHalfToEven((resized.height - size) / 2),
    size,
  };
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** The pixels of `trainingView`. */
export function trainingCrop(image: RgbImage, size = 224): RgbImage {
  const { resizedWidth, resizedHeight, left, top } = trainingView(image.width, image.height, size);
  return resizeBicubic(image, resizedWidth, resizedHeight, { left, top, width: size, height: size });
}
