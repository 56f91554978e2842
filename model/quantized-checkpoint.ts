/**
 * Quantised matrices in safetensors files, named and packed as the library compressed-tensors does («pack-quantized»): a matrix `…weight` [N, K]
 * is stored as `…weight_packed` I32 [N, K·bits/32], `…weight_scale` F16 [N, K/group] and `…weight_shape` I64 [2]; see `kernels/quantized.ts`
 * for the bits. Bits and group follow from the shapes, so that each matrix may have its own.
 */
import type { Device, QuantizedMatrix } from '../engine/index.ts';
import { checkForm, type QuantizedBits, type QuantizeForm } from '../engine/quantize.ts';
import type { TensorReader } from '../engine/safetensors.ts';
import { MatrixShape, type ParameterShape } from './parameters.ts';

/** The names of words, scales and shape. */
export function quantizedNames(name: string): [words: string, scales: string, shape: string] {
  return [`${name}_packed`, `${name}_scale`, `${name}_shape`];
}

export function isQuantized(files: TensorReader, name: string): boolean {
  return files.tensors.has(quantizedNames(name)[0]);
}

/** Bits and group of a matrix with rows of `width` elements, by what is stored of it. */
export function storedForm(files: TensorReader, name: string, width: number): QuantizeForm {
  const [words, scales] = quantizedNames(name).map((part) => files.tensors.get(part)!.shape);
  return { bits: ((32 * words[1]) / width) as QuantizedBits, group: width / scales[1] };
}

/** What is wrong with a quantised matrix in the file; null where it fits. */
export function quantizedProblem(files: TensorReader, name: string, expected: ParameterShape): string | null {
  if (!(expected instanceof MatrixShape)) return `${name} is quantised, which only matrices of linear layers can be`;
  const [rows, width] = expected.shape;
  const [wordsName, scalesName] = quantizedNames(name);
  for (const [part, dtype] of [
    [wordsName, 'I32'],
    [scalesName, 'F16'],
  ] as const) {
    const record = files.tensors.get(part);
    if (!record) return `${part} is missing`;
    const { shape } = record;
    if (record.dtype !== dtype || shape.length !== 2 || shape[0] !== rows)
      return `${part} is ${record.dtype} [${shape.join(', ')}] and should be ${dtype} of ${rows} rows`;
  }
  try {
    checkForm(width, storedForm(files, name, width));
  } catch (error) {
    return `${wordsName} and ${scalesName} do not go with rows of ${width} elements: ${(error as Error).message}`;
  }
  return null;
}

/** Puts words and scales on the device as they are, a range of rows at a time. */
export async function readQuantized(
  files: TensorReader,
  name: string,
  device: Device,
  onRead: (bytes: number) => void,
): Promise<QuantizedMatrix> {
  const [wordsName, scalesName] = quantizedNames(name);
  const bytesOf = async (part: string, first: number, count: number) => {
    const bytes = await files.readRows(part, first, first + count);
    onRead(bytes.length);
    return bytes;
  };
  const shapeOf = (part: string) => files.tensors.get(part)!.shape;
  const words = await device.upload(
    shapeOf(wordsName),
    'i32',
    async (first, count) => {
      const bytes = await bytesOf(wordsName, first, count);
      return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    },
    'parameters',
  );
  try {
    const scales = await device.upload(
      shapeOf(scalesName),
      'f16',
      async (first, count) => {
        const bytes = await bytesOf(scalesName, first, count);
        return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
      },
      'parameters',
    );
    return { words, scales };
  } catch (error) {
    words.dispose();
    throw error;
  }
}
