/** Golden tensors: a safetensors file read as floats or as rows of whole numbers, and how a tensor is compared with one. */
import { openSafetensorsFile, type TensorReader, toFloat32, toNumbers } from '../../engine/safetensors.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { PixelBatch } from '../../model/kosmos2.ts';
import type { GoldenCase } from './case.ts';

export interface FloatTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Largest difference allowed, relative to the largest value of the tensor. */
const FORWARD_TOLERANCE = 2e-5;

export class TensorFile {
  readonly #reader: TensorReader;

  private constructor(reader: TensorReader) {
    this.#reader = reader;
  }

  static async open(path: string): Promise<TensorFile> {
    return new TensorFile(await openSafetensorsFile(path));
  }

  get names(): string[] {
    return [...this.#reader.tensors.keys()];
  }

  has(name: string): boolean {
    return this.#reader.tensors.has(name);
  }

  shape(name: string): readonly number[] {
    return this.#record(name).shape;
  }

  async floats(name: string): Promise<FloatTensor> {
    const { dtype, shape } = this.#record(name);
    return { data: toFloat32(await this.#reader.read(name), dtype), shape };
  }

  bytes(name: string): Promise<Uint8Array> {
    return this.#reader.read(name);
  }

  /** A matrix of whole numbers. */
  async rows(name: string): Promise<number[][]> {
    const { dtype, shape } = this.#record(name);
    if (shape.length !== 2) throw new Error(`${name} has shape [${shape.join(', ')}] instead of two axes`);
    const values = toNumbers(await this.#reader.read(name), dtype);
    return Array.from({ length: shape[0] }, (_, i) => values.slice(i * shape[1], (i + 1) * shape[1]));
  }

  /** Pictures [n, C, H, W]. */
  async pixels(name: string): Promise<PixelBatch> {
    const { data, shape } = await this.floats(name);
    if (shape.length !== 4) throw new Error(`${name} has shape [${shape.join(', ')}] instead of four axes`);
    return { data, shape: [shape[0], shape[1], shape[2], shape[3]] };
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  #record(name: string) {
    const record = this.#reader.tensors.get(name);
    if (!record) throw new Error(`${this.#reader.name} has no tensor ${name}`);
    return record;
  }
}

/** Some pictures of a batch, in the order of `which`. */
export function picturesOf({ data, shape }: PixelBatch, which: readonly number[]): PixelBatch {
  const [count, channels, height, width] = shape;
  const size = channels * height * width;
  const picked = new Float32Array(which.length * size);
  for (const [i, index] of which.entries()) {
    if (!(index >= 0 && index < count)) throw new Error(`there is no picture ${index} among ${count}`);
    picked.set(data.subarray(index * size, (index + 1) * size), i * size);
  }
  return { data: picked, shape: [which.length, channels, height, width] };
}

export async function readFloats(tensor: Tensor): Promise<FloatTensor> {
  return { data: (await tensor.read()) as Float32Array, shape: tensor.shape };
}

/**
 * Compares element by element. The deviation is relative to the largest stored value. With `mask` [batch, time] only
 * positions that it marks with 1 count.
 */
export function tensorCase(name: string, actual: FloatTensor, stored: FloatTensor, mask?: number[][]): GoldenCase {
  if (actual.shape.join() !== stored.shape.join()) {
    const detail = `the shape is [${actual.shape.join(', ')}] where [${stored.shape.join(', ')}] is expected`;
    return { name, deviation: 'another shape', tolerance: FORWARD_TOLERANCE, ok: false, detail };
  }
  const counts = mask?.flat();
  const width = counts ? stored.data.length / counts.length : 0;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < stored.data.length; i++) {
    if (counts && counts[Math.floor(i / width)] !== 1) continue;
    largest = Math.max(largest, Math.abs(stored.data[i]));
    // Math.max gives NaN on, and a NaN is within no tolerance
    difference = Math.max(difference, Math.abs(actual.data[i] - stored.data[i]));
  }
  const deviation = difference / (largest || 1);
  return deviationCase(name, deviation, FORWARD_TOLERANCE);
}

/** JSON has no NaN and no infinity, so these become words. */
export function deviationCase(name: string, deviation: number, tolerance: number): GoldenCase {
  const shown = Number.isFinite(deviation) ? deviation : `${deviation}`;
  return { name, deviation: shown, tolerance, ok: deviation <= tolerance };
}

/** For a stored tensor whose name says nothing to the checker: it must not pass for checked. */
export function unknownTensorCase(name: string): GoldenCase {
  return { name, deviation: 'not computed', tolerance: 'a known tensor', ok: false };
}
