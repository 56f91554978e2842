/** Pictures whose patches are named: the loss against float64, beside texts, and a run that begins with them alone. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, type Device, requestDevice, type Tensor } from '../../../engine/index.ts';
import { initializeParameters, type Kosmos2Parameters, visionTokens } from '../../../model/index.ts';
import { type LossInput, lossSum } from '../../../model/loss.ts';
import { PositionTable } from '../../../model/positions.ts';
import { visionTower } from '../../../model/vision.ts';
import { microBatchOf } from '../../../train/batch.ts';
import { adapterChoice } from '../../adapter.ts';
import { onlyKind } from '../../data/shapes/only-kind.ts';
import { tinyConfiguration, tinyRun, trainTiny } from '../tiny.ts';

const test = suite('names of patches');
let device: Device;
test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
});
test.after(() => device.close());

type Json = Record<string, unknown>;

function dataFrom(changesOfPatches: Json, changesOfTexts: Json): Json[] {
  const [pictures] = tinyConfiguration().data as Json[];
  const patches = { name: 'patches', kind: 'shapes', perStep: 3, mix: onlyKind('patches') };
  return [
    { ...patches, ...changesOfPatches },
    { ...pictures, ...changesOfTexts },
  ];
}

test('Σ −log p of the tokens of all patches, alone and beside rows of tokens', async () => {
  const { training, setup, steps } = await tinyRun({ data: dataFrom({}, {}), steps: 3 });
  const { config } = setup;
  const parameters = await initializeParameters(config, device, 1, training.model);
  const table = new PositionTable(config.text, device).withRows(64);
  const loss = compile((own: Kosmos2Parameters, positions: Tensor, input: LossInput) =>
    lossSum(own, config, positions, input),
  );
  const [named, told] = steps[0].map(({ examples }) => examples);
  const lossOf = async (batch: Parameters<typeof microBatchOf>[0]) => {
    const { feed } = microBatchOf(batch, config, { lengthMultiple: 4 });
    return (await loss(parameters, table, feed)).item();
  };
  const batch = microBatchOf(named, config, { lengthMultiple: 4 });
  const features = compile((own: Kosmos2Parameters, pixels: Tensor) =>
    visionTower(own.vision_model.model, config.vision, pixels),
  );
  const rows = await (await features(parameters, batch.feed.pixels!)).toArray();
  const { weight, bias } = parameters.image_to_text_projection.dense;
  const [matrix, shift] = [await weight.toArray(), await bias.toArray()];
  const embedding = await parameters.text_model.model.embed_tokens.weight.toArray();
  const [width, words] = [config.text.embedDim, config.text.vocabSize];
  const tokens = visionTokens(config.vision);
  const logitsOf = (picture: number, patch: number): number[] => {
    const at = (picture * tokens + 1 + patch) * width;
    const hidden = Array.from(shift, (b, out) =>
      Array.from({ length: width }, (_, i) => matrix[out * width + i] * rows[at + i]).reduce((a, c) => a + c, b),
    );
    return Array.from({ length: words }, (_, word) =>
      hidden.reduce((sum, h, i) => sum + h * embedding[word * width + i], 0),
    );
  };
  const expectedOf = (examples: typeof named) => {
    const losses = examples.flatMap(({ patchTokens, openTokens = [] }, picture) =>
      patchTokens!.map(({ patch, id, openIds = [] }) => {
        const logits = logitsOf(picture, patch);
        const others = logits.filter((_, word) => !openTokens.includes(word) && !openIds.includes(word));
        return Math.log(others.reduce((sum, logit) => sum + Math.exp(logit), 0)) - logits[id];
      }),
    );
    assert.is(microBatchOf(examples, config, { lengthMultiple: 4 }).keptTokens, losses.length);
    return losses.reduce((sum, one) => sum + one, 0);
  };
  const near = (value: number, expected: number) =>
    assert.ok(Math.abs(value / expected - 1) < 1e-5, `${value}, not ${expected}`);
  const alone = await lossOf(named);
  near(alone, expectedOf(named));
  near(await lossOf([...told, ...named]), alone + (await lossOf(told)));
  const withOpen = (sets: readonly (readonly number[])[]) =>
    named.map((example, i) => {
      const openTokens = sets[i % sets.length];
      const patchTokens = example.patchTokens!.filter(({ id }) => !openTokens.includes(id));
      return { ...example, patchTokens, openTokens };
    });
  const some = Array.from({ length: 30 }, (_, i) => 9 * i);
  const open = withOpen([some, [], [0, 9]]);
  near(await lossOf(open), expectedOf(open));
  const openPatches = named.map((example) => ({
    ...example,
    patchTokens: example.patchTokens!.map((token) => ({
      ...token,
      openIds: some.filter((id) => id % 4 === token.patch % 4 && id !== token.id),
    })),
  }));
  near(await lossOf(openPatches), expectedOf(openPatches));
  assert.ok(expectedOf(withOpen([some])) < expectedOf(openPatches), 'fewer tokens to choose from');
  assert.ok(expectedOf(openPatches) < expectedOf(named), 'fewer tokens to choose from');
  const crowded = [{ ...open[0], openTokens: Array.from({ length: 40 }, (_, i) => i) }];
  assert.throws(
    () => microBatchOf(crowded, config, { lengthMultiple: 4 }),
    'a micro-batch leaves 40 tokens open, more than 32',
  );
});

test('a run that begins with patches alone: the loss falls, and what they do not touch stays until there are texts', async () => {
  const run = await tinyRun({
    data: dataFrom({ until: 8 }, { from: 8 }),
    steps: 10,
    optimizer: { learningRate: 0.01, weightDecay: 0 },
  });
  const { reports } = await trainTiny(run, device);
  assert.equal(
    reports.map(({ lossByKind }) => Object.keys(lossByKind).join()),
    [...new Array(7).fill('patches'), 'patches,pictures', 'pictures', 'pictures'],
  );
  assert.ok(reports[6].loss < 0.9 * reports[0].loss, `${reports[6].loss} of ${reports[0].loss}`);
  assert.ok(reports.every(({ skipped, tokens }) => !skipped && tokens > 0));
  const fresh = await initializeParameters(run.setup.config, device, 1, run.training.model);
  const before = await trainTiny({ ...run, steps: run.steps.slice(0, 7) }, device);
  const name = 'text_model.model.layers.0.ffn.fc1.weight';
  const stayed = await fresh.text_model.model.layers[0].ffn.fc1.weight.toArray();
  assert.equal(before.parameters.get(name), Float32Array.from(stayed));
});

test.run();
