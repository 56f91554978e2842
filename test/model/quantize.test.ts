/** Quantised model folders: what is in them, what is refused, and that nothing is left where the work was stopped. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device } from '../../engine/device.ts';
import { dequantizeRows } from '../../engine/quantize.ts';
import { openCheckpointFiles, type TensorToWrite, toFloat32, writeSafetensors } from '../../engine/safetensors.ts';
import { loadParameters, loadWeights, readConfig } from '../../model/checkpoint.ts';
import { parseConfig } from '../../model/config.ts';
import { MatrixShape, namedLeaves, parameterShapes } from '../../model/parameters.ts';
import { quantizeModel } from '../../model/quantize.ts';
import { uniform } from '../engine/interpret.ts';

const json = {
  model_type: 'kosmos-2',
  text_config: { vocab_size: 10, embed_dim: 32, attention_heads: 2, layers: 1, ffn_dim: 64 },
  vision_config: {
    hidden_size: 16,
    num_attention_heads: 1,
    num_hidden_layers: 1,
    intermediate_size: 48,
    image_size: 4,
    patch_size: 2,
  },
  latent_query_num: 3,
};
const shapes = namedLeaves(parameterShapes(parseConfig(json)));
const embedding = 'text_model.model.embed_tokens.weight';
const fc1 = 'text_model.model.layers.0.ffn.fc1.weight';
const patches = 'vision_model.model.embeddings.patch_embedding.weight';

const root = await mkdtemp(join(tmpdir(), 'quantize-'));
const test = suite('quantize');
test.after(() => rm(root, { recursive: true }));

/** A model folder of random weights, all of one dtype, with `wrong` in the place of the first number of fc1. */
async function modelFolder(name: string, wrong?: number): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder);
  const random = uniform(5);
  const tensors = [...shapes].map(([tensor, { shape }]): TensorToWrite => {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random() + random() - 1);
    if (tensor === fc1 && wrong !== undefined) data[0] = wrong;
    return { name: tensor, dtype: 'F32', shape, data };
  });
  await writeSafetensors(`${folder}/model.safetensors`, tensors, { format: 'pt' });
  await writeFile(`${folder}/config.json`, JSON.stringify(json));
  await writeFile(`${folder}/tokenizer.json`, '{"version": "1.0"}');
  await writeFile(`${folder}/model.bin`, 'not for the new folder');
  return folder;
}

const whole = await modelFolder('whole');
const messageOf = (promise: Promise<unknown>) => promise.then(String, (error: Error) => error.message);
/** A device that is never asked for anything. */
const none = {} as Device;

test('the new folder: packed matrices under the names of compressed-tensors, f16 for other matrices, the rest as it was', async () => {
  const progress: [number, number][] = [];
  const out = join(root, 'int4');
  const report = await quantizeModel(whole, out, { bits: 4, group: 16, onProgress: (...call) => progress.push(call) });
  assert.equal((await readdir(out)).sort(), ['config.json', 'model.safetensors', 'tokenizer.json']);
  assert.equal(await readFile(`${out}/tokenizer.json`, 'utf8'), '{"version": "1.0"}');
  const { quantization_config: quantization, ...rest } = JSON.parse(await readFile(`${out}/config.json`, 'utf8'));
  assert.equal(rest, { ...json, torch_dtype: 'float16' });
  assert.is(quantization.config_groups.group_0.weights.num_bits, 4);
  assert.is(quantization.config_groups.group_1.weights.num_bits, 8);

  const [before, after] = [await openCheckpointFiles(whole), await openCheckpointFiles(out)];
  for (const [name, parameter] of shapes) {
    const { shape } = parameter;
    const old = toFloat32(await before.read(name), 'F32');
    if (!(parameter instanceof MatrixShape)) {
      const { dtype } = after.tensors.get(name)!;
      assert.is(dtype, shape.length > 1 ? 'F16' : 'F32', name);
      const now = toFloat32(await after.read(name), dtype);
      assert.ok(
        now.every((value, i) => Math.abs(value - old[i]) <= (shape.length > 1 ? 5e-4 : 0)),
        name,
      );
      continue;
    }
    const bits = name === embedding ? 8 : 4;
    assert.equal(after.tensors.get(`${name}_packed`)!.shape, [shape[0], (shape[1] * bits) / 32]);
    assert.equal(after.tensors.get(`${name}_scale`)!.shape, [shape[0], shape[1] / 16]);
    assert.equal([...new BigInt64Array((await after.read(`${name}_shape`)).buffer)], shape.map(BigInt));
    const words = new Int32Array((await after.read(`${name}_packed`)).buffer);
    const scales = new Uint16Array((await after.read(`${name}_scale`)).buffer);
    const now = dequantizeRows({ words, scales }, { bits, group: 16 });
    assert.is(now.length, old.length);
    assert.ok(
      now.every((value, i) => Math.abs(value - old[i]) < (bits === 8 ? 0.005 : 0.4)),
      name,
    );
  }
  await Promise.all([before.close(), after.close()]);
  assert.is(report.matrices, [...shapes.values()].filter((shape) => shape instanceof MatrixShape).length);
  assert.ok(report.change > 0.02 && report.change < 0.1, `${report.change}`);
  const { length } = await readFile(`${whole}/model.safetensors`);
  assert.ok(report.bytesBefore < length && report.bytesAfter < length);
  assert.equal(progress.at(-1), [report.bytesBefore, report.bytesBefore]);
});

test('words and scales are uploaded as they are; training is refused', async () => {
  const out = join(root, 'int8');
  await quantizeModel(whole, out, { bits: 8, group: 16 });
  const upload: Device['upload'] = async (shape, dtype, data) => {
    const bytes = (await data(0, shape[0])).byteLength;
    return { shape, dtype, bytes } as never;
  };
  const config = await readConfig(out);
  const progress: [number, number][] = [];
  const options = { onProgress: (...call: [number, number]) => progress.push(call) };
  const weights = await loadWeights(out, config, { upload } as Device, options);
  const { weight } = weights.text_model.model.layers[0].ffn.fc1;
  assert.equal(weight, {
    words: { shape: [64, 8], dtype: 'i32', bytes: 64 * 32 },
    scales: { shape: [64, 2], dtype: 'f16', bytes: 64 * 4 },
  });
  assert.is(progress.at(-1)![0], progress.at(-1)![1]);
  assert.match(await messageOf(loadParameters(out, config, none)), /int8 is quantised, for use only: train the model/);
});

test('what is refused, with nothing left behind', async () => {
  const before = (await readdir(root)).sort();
  const attempt = (folder: string, out: string, group = 16) =>
    messageOf(quantizeModel(folder, join(root, out), { bits: 8, group }));
  assert.match(await attempt(join(root, 'nowhere'), 'a'), /nowhere\/config\.json: no such file or folder/);
  assert.match(await attempt(join(root, 'int8'), 'a'), /int8 is quantised already: name the model that it was made/);
  assert.match(await attempt(whole, 'int8'), /int8 is there already: name a folder that is not/);
  assert.match(
    await attempt(whole, 'a', 64),
    /groups of 64 do not divide all rows, of which some have 16, 32, 48 elements; groups of 16, 8 do/,
  );
  const wrong = await modelFolder('wrong', Number.NaN);
  assert.match(await attempt(wrong, 'a'), /wrong\/model\.safetensors: .*fc1\.weight: quantize: NaN among the numbers/);
  await rm(wrong, { recursive: true });
  assert.equal((await readdir(root)).sort(), before);
});

test('stopped in the middle, it leaves nothing', async () => {
  const before = (await readdir(root)).sort();
  const controller = new AbortController();
  let during: string[] = [];
  const stop = async () => {
    during = await readdir(root);
    controller.abort(new Error('interrupted'));
  };
  let stopping: Promise<void> | undefined;
  const options = {
    bits: 4 as const,
    group: 16,
    signal: controller.signal,
    onProgress: (bytes: number, all: number) => {
      if (bytes > all / 4) stopping ??= stop();
    },
  };
  assert.is(await messageOf(quantizeModel(whole, join(root, 'stopped'), options)), 'interrupted');
  await stopping;
  assert.ok(
    during.some((name) => /^stopped\.\w{8}\.partial$/.test(name)),
    'what was there was beside',
  );
  assert.equal((await readdir(root)).sort(), before);
});

test('quantised tensors that do not fit, and models quantised otherwise', async () => {
  const out = join(root, 'int8');
  const config = await readConfig(out);
  const alter = async (name: string, change: (all: Map<string, TensorToWrite>) => void) => {
    const files = await openCheckpointFiles(out);
    const all = new Map<string, TensorToWrite>();
    for (const [tensor, { dtype, shape }] of files.tensors)
      all.set(tensor, { name: tensor, dtype, shape, data: await files.read(tensor) });
    await files.close();
    change(all);
    await mkdir(join(root, name));
    await writeSafetensors(join(root, name, 'model.safetensors'), all.values());
    return messageOf(loadWeights(join(root, name), config, none));
  };
  assert.match(
    await alter('no-scale', (all) => all.delete(`${fc1}_scale`)),
    /1 of the wrong form: .*fc1\.weight_scale is missing/,
  );
  const odd = (all: Map<string, TensorToWrite>) =>
    all.set(`${fc1}_packed`, { name: `${fc1}_packed`, dtype: 'I32', shape: [64, 5], data: new Int32Array(320) });
  assert.match(await alter('odd', odd), /do not go with rows of 32 elements: quantize: 5 bits are not known/);
  const ofPatches = (all: Map<string, TensorToWrite>) => {
    all.delete(patches);
    all.set(`${patches}_packed`, { name: `${patches}_packed`, dtype: 'I32', shape: [16, 3], data: new Int32Array(48) });
  };
  assert.match(
    await alter('patches', ofPatches),
    /patch_embedding\.weight is quantised, which only matrices of linear/,
  );
  const other = { ...json, quantization_config: { quant_method: 'bitsandbytes' } };
  assert.throws(() => parseConfig(other), /quantization_config: quant_method must be "compressed-tensors" .*bitsandb/);
});

test.run();
