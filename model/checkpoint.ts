/** Checkpoints in the Hugging Face layout: `config.json` and safetensors, read tensor by tensor into device memory. */
import { type Device, type HostData, leavesOf, mapTree, readJson, type Tensor } from '../engine/index.ts';
import {
  openCheckpointFiles,
  type SafetensorsDtype,
  type TensorReader,
  type TensorToWrite,
  toFloat16Bits,
  toFloat32,
} from '../engine/safetensors.ts';
import { type Kosmos2Config, parseConfig } from './config.ts';
import {
  disposeParameters,
  type Kosmos2Parameters,
  type Kosmos2Weights,
  namedLeaves,
  type ParameterShape,
  parameterShapes,
} from './parameters.ts';
import { isQuantized, quantizedNames, quantizedProblem, readQuantized } from './quantized-checkpoint.ts';
import { halves, uploadStored } from './stored-rows.ts';
import type { Weight } from './weight.ts';

/** How matrices are kept on the device. Vectors (biases, norms) are f32 always. */
export type WeightDType = 'f32' | 'f16';

export interface LoadOptions {
  /** Default f32. */
  dtype?: WeightDType;
  /** Bytes read so far, and of all parameters. */
  onProgress?: (bytes: number, totalBytes: number) => void;
}

export const embeddingName = 'text_model.model.embed_tokens.weight';
/** The head is the embedding; some writers store it under this name, or under both. */
const tiedName = 'text_model.lm_head.weight';
/** Tables that old checkpoints carry and that are computed here. */
const computedNames = ['text_model.model.embed_positions.weights', 'vision_model.model.embeddings.position_ids'];
const readableDTypes: readonly SafetensorsDtype[] = ['F32', 'F16', 'BF16'];

/** Reads `config.json` of a model folder. */
export async function readConfig(folder: string): Promise<Kosmos2Config> {
  const path = `${folder}/config.json`;
  return parseConfig(await readJson(path), path);
}

/** Loads all weights of a model folder onto the device. Throws one error that lists what does not fit the configuration. */
export async function loadWeights(
  folder: string,
  config: Kosmos2Config,
  device: Device,
  options: LoadOptions = {},
): Promise<Kosmos2Weights> {
  const files = await openWeights(folder, config);
  try {
    return await readParameters(files, parameterShapes(config), device, options);
  } finally {
    await files.close();
  }
}

/** As `loadWeights`, for training. Throws where matrices are quantised. */
export async function loadParameters(
  folder: string,
  config: Kosmos2Config,
  device: Device,
  options: LoadOptions = {},
): Promise<Kosmos2Parameters> {
  const files = await openWeights(folder, config);
  try {
    const shapes = parameterShapes(config);
    if ([...namedLeaves(shapes).keys()].some((name) => isQuantized(files, name)))
      throw new Error(`${folder} is quantised, for use only: ${trainable}`);
    return (await readParameters(files, shapes, device, options)) as Kosmos2Parameters;
  } finally {
    await files.close();
  }
}

const trainable = 'train the model that it was made from';

/** The same weights as training takes them. Throws where matrices are quantised. */
export function plainParameters(weights: Kosmos2Weights): Kosmos2Parameters {
  // a quantised matrix is a branch of the tree, of words and scales
  if ([...namedLeaves(weights as Kosmos2Parameters<unknown>).keys()].some((name) => name.endsWith('.weight.words')))
    throw new Error(`the model's matrices are quantised, for use only: ${trainable}`);
  return weights as Kosmos2Parameters;
}

/** Opens the weights of a model folder. Throws one error that lists what does not fit the configuration. */
export async function openWeights(folder: string, config: Kosmos2Config): Promise<TensorReader> {
  const files = await openCheckpointFiles(folder);
  try {
    checkTensors(files, namedLeaves(parameterShapes(config)), folder);
    return files;
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** The name under which the file holds a parameter. */
export function nameInFile(files: TensorReader, name: string): string {
  return name === embeddingName && !files.tensors.has(name) ? tiedName : name;
}

/** Throws one error that lists every missing, unexpected and misshapen tensor by name. */
function checkTensors(files: TensorReader, expected: ReadonlyMap<string, ParameterShape>, folder: string): void {
  const missing: string[] = [];
  const misshapen: string[] = [];
  const used = new Set([tiedName, ...computedNames]);
  for (const [name, expectedShape] of expected) {
    const { shape } = expectedShape;
    if (isQuantized(files, name)) {
      for (const part of quantizedNames(name)) used.add(part);
      const problem = quantizedProblem(files, name, expectedShape);
      if (problem) misshapen.push(problem);
      continue;
    }
    const record = files.tensors.get(nameInFile(files, name));
    used.add(name);
    if (!record) missing.push(name);
    else if (record.shape.join() !== shape.join())
      misshapen.push(`${name} is [${record.shape.join(', ')}] and should be [${shape.join(', ')}]`);
    else if (!readableDTypes.includes(record.dtype))
      misshapen.push(`${name} is ${record.dtype} and should be ${readableDTypes.join(', ')}`);
  }
  const unexpected = [...files.tensors.keys()].filter((name) => !used.has(name));
  const problems = [
    listed('missing', missing),
    listed('unexpected', unexpected),
    listed('of the wrong form', misshapen),
  ].filter(Boolean);
  if (problems.length > 0) throw new Error(`${folder}: the weights do not fit config.json: ${problems.join('; ')}`);
}

function listed(what: string, names: readonly string[]): string {
  const shown = names.slice(0, 20).join(', ');
  const more = names.length > 20 ? `, and ${names.length - 20} more` : '';
  return names.length === 0 ? '' : `${names.length} ${what}: ${shown}${more}`;
}

async function readParameters(
  files: TensorReader,
  shapes: Kosmos2Parameters<ParameterShape>,
  device: Device,
  { dtype = 'f32', onProgress }: LoadOptions,
): Promise<Kosmos2Weights> {
  const leaves = [...namedLeaves(shapes).keys()];
  const stored = leaves.flatMap((name) =>
    isQuantized(files, name) ? quantizedNames(name).slice(0, 2) : [nameInFile(files, name)],
  );
  const totalBytes = stored.reduce((sum, name) => sum + files.tensors.get(name)!.length, 0);
  const weights = new Map<string, Weight>();
  let bytes = 0;
  const read = (length: number) => {
    bytes += length;
    onProgress?.(bytes, totalBytes);
  };
  try {
    for (const name of leaves) {
      const weight = isQuantized(files, name)
        ? await readQuantized(files, name, device, read)
        : await readParameter(files, nameInFile(files, name), device, dtype, read);
      weights.set(name, weight);
    }
  } catch (error) {
    for (const leaf of leavesOf([...weights.values()])) (leaf as Tensor).dispose();
    throw error;
  }
  return mapTree(shapes, (_, path) => weights.get(path)) as unknown as Kosmos2Weights;
}

/** One tensor, a range of rows at a time. A patch embedding becomes a matrix. */
async function readParameter(
  files: TensorReader,
  name: string,
  device: Device,
  wanted: WeightDType,
  onRead: (bytes: number) => void,
): Promise<Tensor> {
  const record = files.tensors.get(name)!;
  const [rows, ...rest] = record.shape;
  const width = rest.reduce((product, extent) => product * extent, 1);
  const shape = rest.length === 0 ? [rows] : [rows, width];
  const dtype = shape.length === 2 ? wanted : 'f32';
  const elements = (bytes: Uint8Array<ArrayBuffer>) => {
    if (dtype === 'f16' && record.dtype === 'F16') return halves(bytes);
    const values = toFloat32(bytes, record.dtype);
    return dtype === 'f16' ? toFloat16Bits(values) : values;
  };
  return uploadStored(files, name, device, { shape, dtype, elements }, onRead);
}

function bytesOf(data: HostData): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}

/** The weights of a model as a file has them, each read from the device when its turn comes. */
export function parameterRecords(
  parameters: Kosmos2Parameters,
  config: Kosmos2Config,
  dtype: WeightDType,
): TensorToWrite[] {
  const shapes = namedLeaves(parameterShapes(config));
  return [...namedLeaves(parameters)].map(([name, tensor]) => ({
    name,
    dtype: dtype === 'f16' ? 'F16' : 'F32',
    shape: shapes.get(name)!.shape,
    data: async () => {
      const stored = await tensor.read();
      if (tensor.dtype === dtype) return stored;
      return dtype === 'f16' ? toFloat16Bits(stored as Float32Array) : toFloat32(bytesOf(stored), 'F16');
    },
  }));
}

export { disposeParameters };
