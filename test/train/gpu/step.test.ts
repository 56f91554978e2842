/** Training steps of a very small model: the same however they are cut, fused, rematerialised or sharded; memory; what is not finite. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Device, type Moments, mapTree, requestDevice } from '../../../engine/index.ts';
import { type Kosmos2Parameters, type ParameterShape, parameterShapes } from '../../../model/index.ts';
import type { Parts } from '../../../train/step.ts';
import { adapterChoice } from '../../adapter.ts';
import { type TinyRun, type Trained, tinyConfiguration, tinyRun, tinyTrainer, trainTiny } from '../tiny.ts';

const test = suite('training steps');
let device: Device;
test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
});
test.after(() => device.close());

/** Each comparison is of kernels of its own, which SwiftShader takes minutes to compile. */
function compare(name: string, run: () => Promise<void>): void {
  if (adapterChoice() !== 'swiftshader') {
    test(name, run);
    return;
  }
  console.log(`skipped: ${name} (on the system's adapter only)`);
  test.skip(name);
}

const noDropout = { dropout: { hidden: 0, attention: 0 } };

function changedSource(changes: Record<string, unknown>): unknown[] {
  const [pictures, texts] = tinyConfiguration().data as Record<string, unknown>[];
  return [{ ...pictures, ...changes }, texts];
}

/** The largest difference of any parameter. */
function furthest(a: Trained, b: Trained): number {
  let largest = 0;
  for (const [name, values] of a.parameters) {
    const others = b.parameters.get(name)!;
    for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i] - others[i]));
  }
  return largest;
}

/** Rounding spreads over some steps of AdamW, whose first steps go by the sign of the gradient alone; mistakes are far larger. */
function assertClose(actual: Trained, expected: Trained, tolerance = 2e-4): void {
  for (const [i, { loss, gradientNorm }] of expected.reports.entries()) {
    const report = actual.reports[i];
    assert.ok(Math.abs(report.loss - loss) < tolerance * loss, `loss of step ${i + 1}: ${report.loss}, not ${loss}`);
    const off = Math.abs(report.gradientNorm / gradientNorm - 1);
    assert.ok(off < 20 * tolerance, `gradient norm of step ${i + 1}: ${report.gradientNorm}, not ${gradientNorm}`);
  }
  assert.ok(furthest(actual, expected) < 10 * tolerance, `parameters off by ${furthest(actual, expected)}`);
}

test('the loss falls, dropout on; two runs give the same bits', async () => {
  const run = await tinyRun({ steps: 12 });
  const [first, second] = [await trainTiny(run, device), await trainTiny(run, device)];
  assert.ok(first.reports.at(-1)!.loss < 0.9 * first.reports[0].loss);
  for (const [name, values] of first.parameters) assert.equal(second.parameters.get(name), values, name);
  const other = await trainTiny(await tinyRun({ steps: 12, seed: 2 }), device);
  assert.ok(furthest(first, other) > 0.01, 'another seed leads elsewhere');
  const report = first.reports[3];
  assert.equal(Object.keys(report.lossByKind), ['pictures', 'texts']);
  assert.is(report.step, 4);
  assert.is(report.skipped, false);
  assert.ok(report.keptTokens > 0 && report.keptTokens < report.tokens);
});

compare('dropout changes what is learned', async () => {
  const [on, off] = [await trainTiny(await tinyRun(), device), await trainTiny(await tinyRun(noDropout), device)];
  assert.ok(Math.abs(on.reports[0].loss / off.reports[0].loss - 1) > 1e-3);
});

compare('rematerialised layers: equal to rounding, dropout on', async () => {
  const plain = await trainTiny(await tinyRun(), device);
  const again = await trainTiny(await tinyRun({ remat: 'layers' }), device);
  assertClose(again, plain);
});

compare('every op a kernel of its own: equal to rounding, dropout on', async () => {
  const run = await tinyRun();
  assertClose(await trainTiny(run, device, { fusion: false }), await trainTiny(run, device));
});

compare('micro-batches added up: equal to one batch', async () => {
  const cut = await trainTiny(await tinyRun(noDropout), device);
  const whole = await trainTiny(await tinyRun({ ...noDropout, data: changedSource({ microBatch: 4 }) }), device);
  assertClose(cut, whole);
});

compare('a source of weight 2: as if all that is learned from it came twice', async () => {
  const run = await tinyRun({ ...noDropout, data: changedSource({ weight: 2 }) });
  const steps = run.steps.map((batches) => batches.flatMap((one) => (one.name === 'pictures' ? [one, one] : [one])));
  const twice = { ...(await tinyRun(noDropout)), steps };
  assertClose(await trainTiny(run, device), await trainTiny(twice, device));
  assert.ok(furthest(await trainTiny(run, device), await trainTiny(await tinyRun(noDropout), device)) > 1e-3);
});

test('an embedding in shards: equal to whole tensors, dropout on', async () => {
  const changes = { data: changedSource({ microBatch: 1, textsPerImage: 1 }) };
  // 276 rows of 64 bytes
  const small = await requestDevice({ adapter: adapterChoice(), maxBindingBytes: 12288 });
  const run = await tinyRun(changes);
  const sharded = await tinyTrainer(run, small);
  const { weight } = sharded.parameters.text_model.model.embed_tokens;
  assert.equal(
    weight.storage('test').shards.map(({ rows }) => rows),
    [192, 84],
  );
  sharded.dispose();
  assertClose(await trainTiny(run, small), await trainTiny(run, device));
  small.close();
});

compare(
  'mixed precision stays near f32; the loss scale halves when it overflows and the step changes nothing',
  async () => {
    const run = await tinyRun({ precision: 'mixed', ...noDropout });
    const exact = await trainTiny(await tinyRun(noDropout), device);
    const mixed = await trainTiny(run, device);
    for (const [i, { loss }] of exact.reports.entries())
      assert.ok(Math.abs(mixed.reports[i].loss / loss - 1) < 0.02, `step ${i + 1}`);
    assert.ok(furthest(mixed, exact) > 0, 'f16 rounds');
    const trainer = await tinyTrainer(run, device);
    assert.equal(await trainer.lossScale(), [4, 0]);
    await (await trainer.step(1, run.steps[0])).report;
    assert.equal(await trainer.lossScale(), [4, 1]);
    const { moments } = trainer;
    const before = await moments.first.text_model!.model.layer_norm.weight.toArray();
    trainer.dispose();
    assert.ok(before.some((value) => value !== 0));

    const overflowing = await tinyTrainer(run, device, { moments: zeroMoments(run, device), lossScale: [3e38, 255] });
    const start = await overflowing.parameters.text_model.model.layer_norm.weight.toArray();
    const report = await (await overflowing.step(1, run.steps[0])).report;
    assert.ok(report.skipped);
    assert.ok(Number.isFinite(report.loss), 'the loss itself is fine');
    assert.equal(await overflowing.parameters.text_model.model.layer_norm.weight.toArray(), start);
    assert.equal(await overflowing.lossScale(), [Math.fround(Math.fround(3e38) / 2), 0]);
    overflowing.dispose();

    const ripe = await tinyTrainer(run, device, { moments: zeroMoments(run, device), lossScale: [8, 255] });
    await (await ripe.step(1, run.steps[0])).report;
    assert.equal(await ripe.lossScale(), [16, 0], 'doubled after 256 steps without trouble');
    ripe.dispose();
  },
);

function zeroMoments({ training, setup }: TinyRun, own: Device): Moments<Parts> {
  const shapes = parameterShapes(setup.config);
  const zeros = () =>
    mapTree(shapes, (leaf) => {
      const [rows, ...rest] = (leaf as ParameterShape).shape;
      return own.zeros(rest.length > 0 ? [rows, rest.reduce((a, b) => a * b)] : [rows]);
    }) as unknown as Kosmos2Parameters;
  assert.equal(training.freeze, []);
  return { first: zeros(), second: zeros() };
}

compare('frozen parts stay as they are, bit for bit, and cost no moments', async () => {
  const run = await tinyRun({ freeze: ['vision', 'projection'] });
  const trainer = await tinyTrainer(run, device);
  const start = await trainTiny({ ...run, steps: [] }, device);
  for (const [i, batches] of run.steps.entries()) await (await trainer.step(i + 1, batches)).report;
  assert.equal(Object.keys(trainer.moments.first), ['text_model']);
  const { vision_model: vision, text_model: text } = trainer.parameters;
  const name = 'vision_model.model.encoder.layers.0.mlp.fc1.weight';
  assert.equal(await vision.model.encoder.layers[0].mlp.fc1.weight.read(), start.parameters.get(name));
  const moved = 'text_model.model.layers.0.ffn.fc1.weight';
  assert.not.equal(await text.model.layers[0].ffn.fc1.weight.read(), start.parameters.get(moved));
  trainer.dispose();
});

compare('decay of matrices alone', async () => {
  const optimizer = { learningRate: 0.01, weightDecay: 10 };
  const all = await trainTiny(await tinyRun({ ...noDropout, optimizer }), device);
  const some = await trainTiny(await tinyRun({ ...noDropout, optimizer: { ...optimizer, decay: 'matrices' } }), device);
  const mean = ({ parameters }: Trained) => {
    const values = parameters.get('text_model.model.layers.0.self_attn_layer_norm.weight')!;
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  assert.ok(mean(some) > 0.9 && mean(all) < 0.8, `${mean(some)} and ${mean(all)}`);
});

// SwiftShader is several times slower, and what is tested here is not the driver
const manySteps = adapterChoice() === 'swiftshader' ? 100 : 1000;

test(`over ${manySteps} steps no buffer is made, and live bytes stay those of the plans`, async () => {
  const data = [{ name: 'texts', kind: 'shapes', perStep: 1, maxTokens: 40, mix: { textOnly: 0, interleaved: 0 } }];
  const run = await tinyRun({ data, steps: 12, lengthMultiple: 40 });
  const trainer = await tinyTrainer({ ...run, training: { ...run.training, steps: 2000 } }, device);
  const step = async (number: number) => (await trainer.step(number, run.steps[number % run.steps.length])).report;
  for (let number = 1; number <= 24; number++) await step(number);
  const [created, live] = [device.buffers.created, device.buffers.bytesByOwner()];
  for (let number = 25; number <= 24 + manySteps; number++) await step(number);
  assert.is(device.buffers.created, created);
  assert.equal(device.buffers.bytesByOwner(), live);
  trainer.dispose();
});

test.run();
