/** Checkpoints in the Hugging Face layout: `config.json` and safetensors, read tensor by tensor into device memory. */
import { type Device, mapTree, readJson, type Tensor } from '../engine/index.ts';
import {
  openCheckpointFiles,
  type SafetensorsDtype,
  type TensorReader,
  type TensorRecord,
  type TensorToWrite,
  toFloat16Bits,
  toFloat32,
} from '../engine/safetensors.ts';
import { type Kosmos2Config, parseConfig } from './config.ts';
import {
  disposeParameters,
  type Kosmos2Parameters,
  namedLeaves,
  type ParameterShape,
  parameterShapes,
} from './parameters.ts';

/** How matrices are kept on the device. Vectors (biases, norms) are f32 always. */
export type WeightDType = 'f32' | 'f16';

export interface LoadOptions {
  /** Default f32. */
  dtype?: WeightDType;
  /** Bytes read so far, and of all parameters. */
  onProgress?: (bytes: number, totalBytes: number) => void;
}

const embeddingName = 'text_model.model.embed_tokens.weight';
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
export async function loadParameters(
  folder: string,
  config: Kosmos2Config,
  device: Device,
  options: LoadOptions = {},
): Promise<Kosmos2Parameters> {
  const files = await openCheckpointFiles(folder);
  try {
    const shapes = parameterShapes(config);
    checkTensors(files, namedLeaves(shapes), folder);
    return await readParameters(files, shapes, device, options);
  } finally {
    await files.close();
  }
}

/** The name under which the file holds a parameter. */
function nameInFile(files: TensorReader, name: string): string {
  return name === embeddingName && !files.tensors.has(name) ? tiedName : name;
}

/** Throws one error that lists every missing, unexpected and misshapen tensor by name. */
function checkTensors(files: TensorReader, expected: ReadonlyMap<string, ParameterShape>, folder: string): void {
  const missing: string[] = [];
  const misshapen: string[] = [];
  const used = new Set([tiedName, ...computedNames]);
  for (const [name, { shape }] of expected) {
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
): Promise<Kosmos2Parameters> {
  const leaves = [...namedLeaves(shapes).keys()];
  const records = leaves.map((name) => files.tensors.get(nameInFile(files, name))!);
  const totalBytes = records.reduce((sum, { length }) => sum + length, 0);
  const tensors = new Map<string, Tensor>();
  let bytes = 0;
  try {
    for (const [i, name] of leaves.entries()) {
      const read = (length: number) => {
        bytes += length;
        onProgress?.(bytes, totalBytes);
      };
      tensors.set(name, await readParameter(files, nameInFile(files, name), records[i], device, dtype, read));
    }
  } catch (error) {
    for (const tensor of tensors.values()) tensor.dispose();
    throw error;
  }
  return mapTree(shapes, (_, path) => tensors.get(path)) as unknown as Kosmos2Parameters;
}

/** One tensor, a range of rows at a time. A patch embedding becomes a matrix. */
async function readParameter(
  files: TensorReader,
  name: string,
  record: TensorRecord,
  device: Device,
  wanted: WeightDType,
  onRead: (bytes: number) => void,
): Promise<Tensor> {
  const [rows, ...rest] = record.shape;
  const width = rest.reduce((product, extent) => product * extent, 1);
  const shape = rest.length === 0 ? [rows] : [rows, width];
  const dtype = shape.length === 2 ? wanted : 'f32';
  const convert = (bytes: Uint8Array<ArrayBuffer>) => {
    if (dtype === 'f16' && record.dtype === 'F16')
      return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
    const values = toFloat32(bytes, record.dtype);
    return dtype === 'f16' ? toFloat16Bits(values) : values;
  };
  return device.upload(
    shape,
    dtype,
    async (first, count) => {
      const bytes = await files.readRows(name, first, first + count);
      onRead(bytes.length);
      return convert(bytes);
    },
    'parameters',
  );
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
      const values = (await tensor.read()) as Float32Array;
      return dtype === 'f16' ? toFloat16Bits(values) : values;
    },
  }));
}

export { disposeParameters };
