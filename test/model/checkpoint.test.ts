/** Reading weights: what is put on the device, and the errors that list what does not fit. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device } from '../../engine/device.ts';
import type { DType, HostData } from '../../engine/dtype.ts';
import { type TensorToWrite, toFloat16Bits, toFloat32, writeSafetensors } from '../../engine/safetensors.ts';
import type { Shape } from '../../engine/shape.ts';
import { type LoadOptions, loadParameters } from '../../model/checkpoint.ts';
import { parseConfig } from '../../model/config.ts';
import { type Kosmos2Parameters, namedLeaves, parameterShapes } from '../../model/parameters.ts';

const config = parseConfig({
  text_config: { vocab_size: 7, embed_dim: 8, attention_heads: 2, layers: 1, ffn_dim: 6 },
  vision_config: {
    hidden_size: 4,
    num_attention_heads: 1,
    num_hidden_layers: 1,
    intermediate_size: 6,
    image_size: 4,
    patch_size: 2,
  },
  latent_query_num: 3,
});
const embedding = 'text_model.model.embed_tokens.weight';
const head = 'text_model.lm_head.weight';
const patches = 'vision_model.model.embeddings.patch_embedding.weight';
const norm = 'text_model.model.layer_norm.bias';

/** Stands for a tensor on the device. */
class Uploaded {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly values: readonly number[];
  disposed = false;

  constructor(shape: Shape, dtype: DType, values: readonly number[]) {
    this.shape = shape;
    this.dtype = dtype;
    this.values = values;
  }

  dispose(): void {
    this.disposed = true;
  }
}

/** A device that takes two rows at a time and keeps what it got; it fails at upload number `failAt`. */
function recorder(failAt = Infinity): { device: Device; uploads: Uploaded[] } {
  const uploads: Uploaded[] = [];
  const upload = async (
    shape: Shape,
    dtype: DType,
    data: (firstRow: number, rows: number) => HostData | Promise<HostData>,
  ) => {
    if (uploads.length === failAt) throw new Error('out of memory');
    const values: number[] = [];
    for (let row = 0; row < shape[0]; row += 2) values.push(...(await data(row, Math.min(2, shape[0] - row))));
    const tensor = new Uploaded(shape, dtype, values);
    uploads.push(tensor);
    return tensor;
  };
  return { device: { upload } as unknown as Device, uploads };
}

/** All tensors of the configuration, element i of each being i / 4 − 1, which f16 and bf16 hold exactly. */
function tensors(): Map<string, TensorToWrite> {
  const all = new Map<string, TensorToWrite>();
  for (const [name, { shape }] of namedLeaves(parameterShapes(config))) {
    all.set(name, { name, dtype: 'F32', shape, data: valuesOf(shape) });
  }
  return all;
}

function valuesOf(shape: Shape): Float32Array {
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 4 - 1);
}

const root = await mkdtemp(join(tmpdir(), 'checkpoint-'));
const test = suite('checkpoint');
test.after(() => rm(root, { recursive: true }));
let folders = 0;

async function folderWith(all: Map<string, TensorToWrite>): Promise<string> {
  const folder = join(root, `${folders++}`);
  await mkdir(folder);
  await writeSafetensors(`${folder}/model.safetensors`, all.values());
  return folder;
}

async function load(folder: string, options: LoadOptions = {}): Promise<ReadonlyMap<string, Uploaded>> {
  const parameters = await loadParameters(folder, config, recorder().device, options);
  return namedLeaves(parameters as unknown as Kosmos2Parameters<Uploaded>);
}

async function messageFor(alter: (all: Map<string, TensorToWrite>) => void): Promise<string> {
  const all = tensors();
  alter(all);
  const folder = await folderWith(all);
  return load(folder).then(
    () => 'loaded',
    (error: Error) => error.message,
  );
}

test('every tensor is uploaded under its name, the patch embedding as a matrix', async () => {
  const progress: [number, number][] = [];
  const loaded = await load(await folderWith(tensors()), { onProgress: (...call) => progress.push(call) });
  const shapes = namedLeaves(parameterShapes(config));
  assert.equal([...loaded.keys()].sort(), [...shapes.keys()].sort());
  for (const [name, { shape, values, dtype }] of loaded) {
    const expected = shapes.get(name)!.shape;
    assert.equal(values, [...valuesOf(expected)], name);
    assert.equal([...shape], name === patches ? [4, 12] : [...expected]);
    assert.is(dtype, 'f32');
  }
  const bytes = [...shapes.values()].reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
  assert.equal(progress.at(-1), [bytes, bytes]);
  assert.ok(progress.every(([done], i) => i === 0 || done > progress[i - 1][0]));
});

test('f16 and bf16 files are widened, or kept as f16 for matrices', async () => {
  const all = tensors();
  const values = valuesOf([7, 8]);
  all.set(embedding, { name: embedding, dtype: 'F16', shape: [7, 8], data: toFloat16Bits(values) });
  const upper = Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16);
  all.set(head, { name: head, dtype: 'F32', shape: [7, 8], data: new Float32Array(56) });
  const dense = 'image_to_text_projection.latent_query';
  all.set(dense, { name: dense, dtype: 'BF16', shape: [3, 8], data: upper.slice(0, 24) });
  const folder = await folderWith(all);

  const wide = await load(folder);
  assert.equal(wide.get(embedding)!.values, [...values]);
  assert.equal(wide.get(dense)!.values, [...values.subarray(0, 24)]);

  const half = await load(folder, { dtype: 'f16' });
  for (const [name, { dtype, shape }] of half) assert.is(dtype, shape.length === 2 ? 'f16' : 'f32', name);
  for (const name of [embedding, dense]) {
    const bits = Uint16Array.from(half.get(name)!.values);
    const back = toFloat32(new Uint8Array(bits.buffer), 'F16');
    assert.equal([...back], [...values.subarray(0, back.length)]);
  }
});

test('the embedding may stand under the name of the head; computed tables are passed over', async () => {
  const all = tensors();
  const moved = all.get(embedding)!;
  all.delete(embedding);
  all.set(head, { ...moved, name: head });
  const table = 'text_model.model.embed_positions.weights';
  all.set(table, { name: table, dtype: 'F32', shape: [4, 8], data: new Float32Array(32) });
  const loaded = await load(await folderWith(all));
  assert.equal(loaded.get(embedding)!.values, [...valuesOf([7, 8])]);
  assert.not(loaded.has(table));
});

test('shards with an index', async () => {
  const all = [...tensors().values()];
  const folder = join(root, 'shards');
  await mkdir(folder);
  const half = Math.floor(all.length / 2);
  await writeSafetensors(`${folder}/a.safetensors`, all.slice(0, half));
  await writeSafetensors(`${folder}/b.safetensors`, all.slice(half));
  const weight_map = Object.fromEntries(all.map(({ name }, i) => [name, i < half ? 'a.safetensors' : 'b.safetensors']));
  await writeFile(`${folder}/model.safetensors.index.json`, JSON.stringify({ weight_map }));
  const loaded = await load(folder);
  assert.is(loaded.size, all.length);
  for (const { name, shape } of all) assert.equal(loaded.get(name)!.values, [...valuesOf(shape)]);
});

test('tensors that are missing, unexpected or of the wrong form are listed by name in one error', async () => {
  const message = await messageFor((all) => {
    all.delete(norm);
    all.delete(patches);
    all.set('extra.weight', { name: 'extra.weight', dtype: 'F32', shape: [1], data: new Float32Array(1) });
    all.set(embedding, { name: embedding, dtype: 'F32', shape: [8, 7], data: valuesOf([8, 7]) });
    const query = 'image_to_text_projection.latent_query';
    all.set(query, { name: query, dtype: 'I32', shape: [3, 8], data: new Int32Array(24) });
  });
  assert.match(message, /the weights do not fit config.json: 2 missing: /);
  for (const part of [
    norm,
    patches,
    '1 unexpected: extra.weight',
    '2 of the wrong form: ',
    `${embedding} is [8, 7] and should be [7, 8]`,
    'image_to_text_projection.latent_query is I32 and should be F32, F16, BF16',
  ])
    assert.ok(message.includes(part), `${part}\nis not in\n${message}`);
});

test('a long list is cut', async () => {
  const message = await messageFor((all) => {
    for (const name of [...all.keys()].slice(1)) all.delete(name);
  });
  assert.match(message, /\d+ missing: .*, and \d+ more$/);
});

test('an embedding that is nowhere is missing under its own name', async () => {
  assert.ok((await messageFor((all) => all.delete(embedding))).includes(`1 missing: ${embedding}`));
});

test('a folder without weights', async () => {
  const message = await load(join(root, 'nothing')).then(String, (error: Error) => error.message);
  assert.match(message, /nothing/);
});

test('a device that fails in the middle gets back what it has', async () => {
  const { device, uploads } = recorder(5);
  const folder = await folderWith(tensors());
  const message = await loadParameters(folder, config, device).then(String, (error: Error) => error.message);
  assert.is(message, 'out of memory');
  assert.is(uploads.length, 5);
  assert.ok(uploads.every(({ disposed }) => disposed));
});

test.run();
