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

test.run();
