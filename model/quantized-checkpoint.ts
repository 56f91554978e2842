/**
 * Quantised matrices in safetensors files, named and packed as the library compressed-tensors does («pack-quantized»): a matrix `…weight` [N, K]
 * is stored as `…weight_packed` I32 [N, K·bits/32], `…weight_scale` F16 [N, K/group] and `…weight_shape` I64 [2]; see `kernels/quantized.ts`
 * for the bits. Bits and group follow from the shapes, so that each matrix may have its own.
 */
import type { Device, QuantizedMatrix } from '../engine/index.ts';
import { checkForm, storedForm } from '../engine/quantize.ts';
import type { TensorReader } from '../engine/safetensors.ts';
import { MatrixShape, type ParameterShape } from './parameters.ts';
import { halves, type Uploaded, uploadStored } from './stored-rows.ts';

/** The names of words, scales and shape. */
export function quantizedNames(name: string): [words: string, scales: string, shape: string] {
  return [`${name}_packed`, `${name}_scale`, `${name}_shape`];
}

export function isQuantized(files: TensorReader, name: string): boolean {
  return files.tensors.has(quantizedNames(name)[0]);
}

/** What is wrong with a quantised matrix in the file; null where it fits. */
export function quantizedProblem(files: TensorReader, name: string, expected: ParameterShape): string | null {
  if (!(expected instanceof MatrixShape)) return `${name} is quantised, which only matrices of linear layers can be`;
  const [rows, width] = expected.shape;
  const [wordsName, scalesName] = quantizedNames(name);
  const shapes = [];
  for (const [part, dtype] of [
    [wordsName, 'I32'],
    [scalesName, 'F16'],
  ] as const) {
    const record = files.tensors.get(part);
    if (!record) return `${part} is missing`;
    const { shape } = record;
    if (record.dtype !== dtype || shape.length !== 2 || shape[0] !== rows)
      return `${part} is ${record.dtype} [${shape.join(', ')}] and should be ${dtype} of ${rows} rows`;
    shapes.push(shape);
  }
  try {
    checkForm(width, storedForm(width, shapes[0], shapes[1]));
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
  const upload = (part: string, as: Pick<Uploaded, 'dtype' | 'elements'>) =>
    uploadStored(files, part, device, { shape: files.tensors.get(part)!.shape, ...as }, onRead);
  const words = await upload(wordsName, {
    dtype: 'i32',
    elements: ({ buffer, byteOffset, byteLength }) => new Int32Array(buffer, byteOffset, byteLength / 4),
  });
  try {
    const scales = await upload(scalesName, { dtype: 'f16', elements: halves });
    return { words, scales };
  } catch (error) {
    words.dispose();
    throw error;
  }
}
