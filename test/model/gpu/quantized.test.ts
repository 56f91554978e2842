/** Quantised weights on the device: logits near those in f32, the same texts scored, and memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Device, requestDevice } from '../../../engine/device.ts';
import { Generator } from '../../../model/generate.ts';
import { Kosmos2 } from '../../../model/kosmos2.ts';
import { LikelihoodScorer } from '../../../model/likelihood.ts';
import { quantizeModel } from '../../../model/quantize.ts';
import { adapterChoice } from '../../adapter.ts';
import { randomModelFolder } from '../../fixtures/random-model.ts';

const test = suite('quantized');
const root = mkdtempSync(join(tmpdir(), 'quantized-'));
const latents = 16;
const ids = [0, 5, ...new Array<number>(latents).fill(4), 6, 40, 700, 1200, 33];
const mask = ids.map((_, at) => Number(at >= 2 && at < 2 + latents));
const batch = { inputIds: [ids], attentionMask: [ids.map(() => 1)], imageEmbedsPositionMask: [mask] };
const pixels = Float32Array.from({ length: 3 * 112 ** 2 }, (_, i) => Math.sin(i * 12.9898) * 1.5);

let device: Device;
let model: Kosmos2;
let expected: Float32Array;
test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
  model = await Kosmos2.load(await randomModelFolder(), device);
  expected = await logitsOf(model);
});
test.after(() => {
  device.close();
  rmSync(root, { recursive: true });
});

async function logitsOf(own: Kosmos2): Promise<Float32Array> {
  const images = await own.encodeImages({ data: pixels, shape: [1, 3, 112, 112] });
  const { logits } = await own.forward(batch, images);
  const values = (await logits.read()) as Float32Array;
  for (const tensor of [images, logits]) tensor.dispose();
  return values;
}

/** Root mean square of the differences, relative to the standard deviation of the expected values. */
function change(actual: Float32Array): number {
  const mean = expected.reduce((sum, value) => sum + value, 0) / expected.length;
  const spread = expected.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(actual.reduce((sum, value, i) => sum + (value - expected[i]) ** 2, 0) / spread);
}

for (const [bits, least, most] of [
  [8, 1e-4, 0.02],
  [4, 0.02, 0.3],
] as const) {
  test(`int${bits}: logits, the first token, and scored texts`, async () => {
    const folder = join(root, `int${bits}`);
    await quantizeModel(await randomModelFolder(), folder, { bits });
    const before = device.buffers.bytesByOwner().parameters;
    const own = await Kosmos2.load(folder, device, { dtype: 'f16' });
    const bytes = device.buffers.bytesByOwner().parameters - before;
    assert.ok(bytes < 0.4 * before, `${bytes} bytes beside ${before} in f32`);
    const moved = change(await logitsOf(own));
    console.log(`int${bits}: logits moved by ${moved.toFixed(4)} of their spread`);
    assert.ok(moved > least && moved < most, `${moved}`);
    assert.throws(() => own.parameters, /quantised, for use only/);

    const images = await own.encodeImages({ data: pixels, shape: [1, 3, 112, 112] });
    const { logits } = await own.forward(batch, images);
    const values = await logits.read();
    const { vocabSize } = own.config.text;
    const last = [...values.subarray((ids.length - 1) * vocabSize)];
    const generator = new Generator(own);
    const [row] = await generator.generate(batch, images, { maxNewTokens: 2 });
    assert.is(row.ids[0], last.indexOf(Math.max(...last)), 'the prompt by cache and the whole sequence agree');

    const scorer = new LikelihoodScorer(own);
    const set = { alternatives: [{ ids, scoredFrom: ids.length - 1 }], imageMask: mask };
    const [[[logProbability]]] = await scorer.score([set], images);
    const row33 = [...values.subarray((ids.length - 2) * vocabSize, (ids.length - 1) * vocabSize)];
    const sum = Math.log(row33.reduce((total, value) => total + Math.exp(value), 0));
    assert.ok(Math.abs(logProbability - (row33[33] - sum)) < 1e-3, `${logProbability}`);
    for (const tensor of [images, logits]) tensor.dispose();
    scorer.dispose();
    generator.dispose();
    own.dispose();
    assert.is(device.buffers.bytesByOwner().parameters, before);
  });
}

test.run();
