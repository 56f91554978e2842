import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../model/config.ts';
import { nearestName } from '../../train/config/nearest.ts';
import { DEFAULTS, parseTrainConfig, readTrainConfig } from '../../train/config.ts';
import { repositoryRoot } from '../shared.ts';

const MODEL = { config: { text_config: {}, vision_config: {} }, tokenizer: 'shapes', gridSize: 16 };
const SHAPES = { kind: 'shapes', perStep: 8 };

function config(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { model: MODEL, data: [SHAPES], steps: 1000, ...changes };
}

function refused(changes: Record<string, unknown>, message: string): void {
  assert.throws(
    () => parseTrainConfig(config(changes), 'run.json'),
    (error: Error) => assert.is(error.message, message) === undefined,
  );
}

test('what is absent has the values of the paper', () => {
  const parsed = parseTrainConfig(config());
  assert.equal(parsed.optimizer, DEFAULTS.optimizer);
  assert.equal(parsed.schedule, { kind: 'linear', warmup: 100, minimum: 0, cooldown: 0 }, 'a tenth of a short run');
  assert.equal(parsed.dropout, { hidden: 0.1, attention: 0.1 });
  assert.equal([parsed.seed, parsed.precision, parsed.remat, parsed.freeze], [1, 'f32', 'none', []]);
  const source = {
    name: 'shapes',
    kind: 'shapes',
    path: null,
    perStep: 8,
    microBatch: 8,
    every: 1,
    from: 1,
    weight: 1,
    lengthMultiple: 16,
  };
  assert.equal(parsed.data, [{ ...source, options: {} }]);
  assert.is(parseTrainConfig(config({ steps: 60_000 })).schedule.warmup, 375);
});

test('what a source alone understands is handed on', () => {
  const grounded = {
    name: 'grit',
    kind: 'grounded',
    path: 'a/b',
    perStep: 9,
    microBatch: 2,
    share: 0.5,
    deep: { x: [1] },
  };
  const [source] = parseTrainConfig(config({ data: [grounded] })).data;
  assert.equal(source!.options, { share: 0.5, deep: { x: [1] } });
  assert.equal([source!.path, source!.perStep, source!.microBatch], ['a/b', 9, 2]);
});

test('a source counts as much as it is told to', () => {
  const { data } = parseTrainConfig(
    config({
      data: [
        { ...SHAPES, weight: 0.5 },
        { ...SHAPES, name: 'plain' },
      ],
    }),
  );
  assert.equal(
    data.map(({ weight }) => weight),
    [0.5, 1],
  );
  refused({ data: [{ ...SHAPES, weight: 0 }] }, 'run.json: data[0].weight must be a number > 0, found 0');
});

test('a source may take part in some steps only', () => {
  const [source] = parseTrainConfig(config({ data: [{ ...SHAPES, from: 3, until: 9, every: 2 }] })).data;
  assert.equal([source!.from, source!.until, source!.every], [3, 9, 2]);
  const wanted = 'run.json: data[0].until must be a whole number ≥ 3, found 2';
  refused({ data: [{ ...SHAPES, from: 3, until: 2 }] }, wanted);
});

test('a source may have several paths', () => {
  const source = { kind: 'text', path: ['a', 'b/*.json'], perStep: 1 };
  assert.equal(parseTrainConfig(config({ data: [source] })).data[0]!.path, ['a', 'b/*.json']);
  const wanted = 'run.json: data[0].path must be a text or a list of texts, found';
  refused({ data: [{ ...source, path: [] }] }, `${wanted} []`);
  refused({ data: [{ ...source, path: ['a', 1] }] }, `${wanted} ["a",1]`);
});

test('a model to start from brings its tokenizer', () => {
  const { model } = parseTrainConfig(config({ model: { init: 'owner/name' } }));
  assert.equal([model.init, model.config, model.tokenizer, model.gridSize], ['owner/name', null, null, 32]);
  assert.equal(model.fresh, []);
});

test('parts of a model to start from may be fresh, but not of one that is fresh anyway', () => {
  const { model } = parseTrainConfig(config({ model: { init: 'owner/name', fresh: ['vision'] } }));
  assert.equal(model.fresh, ['vision']);
  refused(
    { model: { init: 'x', fresh: ['tower'] } },
    'run.json: model.fresh[0] must be one of "vision", "projection", "text", found "tower"',
  );
  refused(
    { model: { ...MODEL, fresh: ['vision'] } },
    'run.json: model.fresh must be left out: a model without init is fresh as a whole, found ["vision"]',
  );
});

test('a run may start from the mean of several models', () => {
  const { model } = parseTrainConfig(config({ model: { init: 'a', average: ['b', 'owner/name'] } }));
  assert.equal(model.average, ['b', 'owner/name']);
  assert.equal(parseTrainConfig(config({ model: { init: 'a', average: 'b' } })).model.average, ['b']);
  refused({ model: { init: 'a', average: [] } }, 'run.json: model.average must be a text or a list of texts, found []');
  refused(
    { model: { ...MODEL, average: 'b' } },
    'run.json: model.average must be left out: it goes with init, found "b"',
  );
});

test('words of a model to start from may be made independent', () => {
  const { model } = parseTrainConfig(
    config({ model: { init: 'owner/name', independent: [['red', 'blue'], ['star']] } }),
  );
  assert.equal(model.independent, [['red', 'blue'], ['star']]);
  for (const independent of [[['red']], [['red'], []], ['red', 'star'], 'red'])
    refused(
      { model: { init: 'x', independent } },
      `run.json: model.independent must be two lists of words or more, found ${JSON.stringify(independent)}`,
    );
  refused(
    { model: { ...MODEL, independent: [['red'], ['star']] } },
    'run.json: model.independent must be left out: fresh embeddings are independent, found [["red"],["star"]]',
  );
});

test('unknown fields are refused, with the one that was meant', () => {
  refused({ optimiser: {} }, 'run.json: optimiser is an unknown field; did you mean optimizer?');
  refused(
    { optimizer: { learning_rate: 1 } },
    'run.json: optimizer.learning_rate is an unknown field; did you mean learningRate?',
  );
  refused(
    { validation: { frequency: 3 } },
    'run.json: validation.frequency is an unknown field; known are every, batches, samples, items',
  );
  refused(
    { data: [{ ...SHAPES, micro_batch: 2 }] },
    'run.json: data[0].micro_batch is an unknown field; did you mean microBatch?',
  );
  refused(
    { data: [{ kind: 'shapes', perSteps: 2 }] },
    'run.json: data[0].perStep must be a whole number ≥ 1, found nothing ("perSteps" is there: a typing error?)',
  );
});

test('impossible values are refused', () => {
  refused({ steps: 0 }, 'run.json: steps must be a whole number ≥ 1, found 0');
  refused({ steps: '9' }, 'run.json: steps must be a whole number ≥ 1, found "9"');
  refused({ optimizer: [] }, 'run.json: optimizer must be an object, found []');
  refused(
    { optimizer: { betas: [0.9, 1] } },
    'run.json: optimizer.betas must be a list of two numbers ≥ 0 and < 1, found [0.9,1]',
  );
  refused({ optimizer: { learningRate: 0 } }, 'run.json: optimizer.learningRate must be a number > 0, found 0');
  refused({ dropout: { hidden: 1 } }, 'run.json: dropout.hidden must be a number ≥ 0 and < 1, found 1');
  refused(
    { schedule: { warmup: 1000 } },
    'run.json: schedule.warmup must be a whole number below the 1000 steps of the run, found 1000',
  );
  refused(
    { schedule: { minimum: 1 } },
    'run.json: schedule.minimum must be a number up to the peak, optimizer.learningRate = 0.0002, found 1',
  );
  refused({ precision: 'F32' }, 'run.json: precision must be one of "f32", "mixed" (did you mean "f32"?), found "F32"');
  refused(
    { freeze: ['vison'] },
    'run.json: freeze[0] must be one of "vision", "projection", "text" (did you mean "vision"?), found "vison"',
  );
  refused({ freeze: ['text', 'text'] }, 'run.json: freeze must be a list without repetitions, found ["text","text"]');
  refused({ data: [] }, 'run.json: data must be a list of at least one object, found []');
  refused(
    { data: [{ kind: 'text', perStep: 1 }] },
    'run.json: data[0].path must be a text or a list of texts, found nothing',
  );
  refused(
    { data: [{ ...SHAPES, microBatch: 9 }] },
    'run.json: data[0].microBatch must be a whole number ≥ 1 and ≤ 8, found 9',
  );
  refused(
    { data: [SHAPES, SHAPES] },
    'run.json: data[1].name must be unlike those of the other sources, found "shapes"',
  );
});

test('a model is fresh or taken from somewhere, and its own configuration is checked', () => {
  const either = 'run.json: model must have either config (a fresh model) or init (one to start from), found';
  refused({ model: { tokenizer: 'shapes' } }, `${either} neither`);
  refused({ model: { ...MODEL, init: 'x' } }, `${either} both`);
  refused({ model: { config: MODEL.config } }, 'run.json: model.tokenizer must be a text, found nothing');
  refused(
    { model: { ...MODEL, config: { text_config: { layers: 0 }, vision_config: {} } } },
    'run.json: model.config: text_config: layers must be a whole number ≥ 1, found 0',
  );
});

test('a file that is no object, or not there', async () => {
  assert.throws(() => parseTrainConfig([], 'run.json'), /^run.json: the file must be an object, found \[\]$/);
  await readTrainConfig('/absent/run.json').then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /Cannot read \/absent\/run.json: no such file/),
  );
});

test('names that are near', () => {
  const names = ['steps', 'seed', 'learningRate', 'remat'];
  assert.is(nearestName('step', names), 'steps');
  assert.is(nearestName('LearningRat', names), 'learningRate');
  assert.is(nearestName('batch', names), null);
  assert.is(nearestName('x', ['y', 'zz']), null, 'not everything is a typing error');
});

test('table 7: the training of KOSMOS-2', async () => {
  const run = await readTrainConfig(`${repositoryRoot()}configs/kosmos2.json`);
  assert.equal(
    run.data.map(({ kind, perStep }) => [kind, perStep]),
    [
      ['text', 93],
      ['captions', 1117],
      ['grounded', 1117],
      ['interleaved', 47],
    ],
  );
  assert.equal(run.optimizer, {
    learningRate: 2e-4,
    betas: [0.9, 0.98],
    epsilon: 1e-6,
    weightDecay: 0.01,
    decay: 'all',
    clip: 2,
  });
  assert.equal([run.steps, run.schedule], [60_000, { kind: 'linear', warmup: 375, minimum: 0, cooldown: 0 }]);
  assert.equal(run.dropout, { hidden: 0.1, attention: 0.1 });
  assert.is(run.model.gridSize ** 2, 1024);
  const model = parseConfig(run.model.config);
  assert.equal(
    [model.text.layers, model.text.embedDim, model.text.attentionHeads, model.latentQueryNum],
    [24, 2048, 32, 64],
  );
  assert.equal([model.vision.layers, model.vision.hiddenSize, model.vision.imageSize], [24, 1024, 224]);
});

test('table 8: instruction tuning', async () => {
  const run = await readTrainConfig(`${repositoryRoot()}configs/instruction.json`);
  assert.equal(
    run.data.map(({ perStep }) => perStep),
    [117, 351, 702, 702, 30, 15],
  );
  assert.equal([run.steps, run.optimizer.learningRate, run.schedule.warmup], [10_000, 1e-5, 375]);
});

test.run();
