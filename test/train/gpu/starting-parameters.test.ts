/** What a run starts from: a model's parameters, and parts that start anew. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Device, requestDevice, type Tensor } from '../../../engine/index.ts';
import { initializeParameters, type Kosmos2Parameters, namedLeaves } from '../../../model/index.ts';
import { writeModelFolder } from '../../../train/checkpoint.ts';
import { parseTrainConfig } from '../../../train/config.ts';
import { prepareModel } from '../../../train/model-files.ts';
import { startingParameters } from '../../../train/starting-parameters.ts';
import { adapterChoice } from '../../adapter.ts';
import { rejects } from '../../rejects.ts';
import { tinyConfiguration } from '../tiny.ts';

const test = suite('parameters of the first step');
const folder = mkdtempSync(join(tmpdir(), 'starting-parameters-'));
let device: Device;
test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
});
test.after(() => {
  device.close();
  rmSync(folder, { recursive: true });
});

async function valuesOf(parameters: Kosmos2Parameters): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const [name, tensor] of namedLeaves(parameters)) {
    values.set(name, (await tensor.read()) as Float32Array);
    (tensor as Tensor).dispose();
  }
  return values;
}

test('parts of a model start anew, as a fresh model has them, and the rest stays', async () => {
  const training = parseTrainConfig(tinyConfiguration());
  const setup = await prepareModel(training);
  const model = await initializeParameters(setup.config, device, 1, training.model);
  await writeModelFolder(folder, setup.files, model, setup.config, 'f32');
  const from = async (source: object, seed: number) => {
    const own = parseTrainConfig(tinyConfiguration({ model: source, seed }));
    return valuesOf(await startingParameters(await prepareModel(own), own, device));
  };
  const before = await valuesOf(model);
  const mixed = await from({ init: folder, fresh: ['vision'], gridSize: 6, initialization: 'balanced' }, 2);
  const fresh = await from(tinyConfiguration().model as object, 2);
  for (const [name, values] of await from({ init: folder }, 2)) assert.equal(values, before.get(name), name);
  assert.equal([...mixed.keys()], [...before.keys()]);
  for (const [name, values] of mixed) {
    const expected = name.startsWith('vision_model.') ? fresh : before;
    assert.equal(values, expected.get(name), name);
  }
  const weight = 'vision_model.model.encoder.layers.0.mlp.fc1.weight';
  assert.not.equal(mixed.get(weight), before.get(weight));
});

test('the mean of several models, which must be of one form', async () => {
  const training = parseTrainConfig(tinyConfiguration());
  const setup = await prepareModel(training);
  const folders: string[] = [];
  const values: Map<string, Float32Array>[] = [];
  for (const seed of [1, 2, 3]) {
    const model = await initializeParameters(setup.config, device, seed, training.model);
    folders.push(join(folder, `mean ${seed}`));
    await writeModelFolder(folders.at(-1)!, setup.files, model, setup.config, 'f32');
    values.push(await valuesOf(model));
  }
  const start = async (average: string[]) => {
    const own = parseTrainConfig(tinyConfiguration({ model: { init: folders[0], average } }));
    return startingParameters(await prepareModel(own), own, device);
  };
  for (const [name, mean] of await valuesOf(await start(folders.slice(1)))) {
    const parts = values.map((own) => own.get(name)!);
    for (const [i, value] of mean.entries())
      assert.ok(Math.abs(value - parts.reduce((sum, part) => sum + part[i], 0) / 3) < 1e-6, name);
  }
  const { model } = tinyConfiguration() as { model: { config: { text_config: object } } };
  const text_config = { ...model.config.text_config, layers: 3 };
  const deeper = parseTrainConfig(tinyConfiguration({ model: { ...model, config: { ...model.config, text_config } } }));
  const own = await prepareModel(deeper);
  const other = await initializeParameters(own.config, device, 1, deeper.model);
  await writeModelFolder(join(folder, 'deeper'), own.files, other, own.config, 'f32');
  await rejects(() => start([join(folder, 'deeper')]), Error, /deeper/);
});

test('words are made independent of others, which stay as they are, and so does the rest', async () => {
  const training = parseTrainConfig(tinyConfiguration());
  const setup = await prepareModel(training);
  const model = await initializeParameters(setup.config, device, 1, training.model);
  const out = join(folder, 'words');
  await writeModelFolder(out, setup.files, model, setup.config, 'f32');
  const before = await valuesOf(model);
  const [colors, shapes] = [
    ['red', 'blue', 'green'],
    ['star', 'ring', 'heart', 'cross'],
  ];
  const start = async (independent: string[][]) => {
    const own = parseTrainConfig(tinyConfiguration({ model: { init: out, independent } }));
    return startingParameters(await prepareModel(own), own, device);
  };
  const after = await valuesOf(await start([colors, shapes]));
  const name = 'text_model.model.embed_tokens.weight';
  const width = setup.config.text.embedDim;
  const idOf = (word: string) => setup.tokenizer.encode(` ${word}`)[0];
  const rowOf = (values: Map<string, Float32Array>, id: number) => [
    ...values.get(name)!.subarray(id * width, (id + 1) * width),
  ];
  const changed = new Set(shapes.map(idOf));
  for (let id = 0; id < setup.config.text.vocabSize; id++)
    if (!changed.has(id)) assert.equal(rowOf(after, id), rowOf(before, id));
  for (const [other, values] of after) if (other !== name) assert.equal(values, before.get(other), other);
  const differences = (words: string[]) => {
    const rows = words.map((word) => rowOf(after, idOf(word)));
    return rows.map((row) => row.map((value, c) => value - rows.reduce((sum, one) => sum + one[c], 0) / rows.length));
  };
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  for (const shape of differences(shapes))
    for (const color of differences(colors)) {
      const cosine = dot(shape, color) / Math.sqrt(dot(shape, shape) * dot(color, color));
      assert.ok(Math.abs(cosine) < 1e-5, `${cosine}`);
    }
  await rejects(() => start([['red'], ['chartreuse']]), Error, /model\.independent: «chartreuse» is \d+ tokens/);
});

test.run();
