/** The sources of a configuration: what is validated on, and a curriculum that only training follows. */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeScene, openShapes, shapesEvaluation } from '../../data/index.ts';
import type { ShapesMix } from '../../data/shapes/curriculum.ts';
import { parseTrainConfig } from '../../train/config.ts';
import { mostObjectsOf, openTrainingData, validationBatches } from '../../train/data.ts';
import { prepareModel } from '../../train/model-files.ts';
import { onlyKind } from '../data/shapes/only-kind.ts';
import { rejects } from '../rejects.ts';
import { tinyConfiguration } from './tiny.ts';

const curriculum = [{ before: 1000, mostObjects: 1 }];
const source = { name: 'pictures', kind: 'shapes', perStep: 4, textsPerImage: 1, mix: { textOnly: 0, interleaved: 0 } };

async function contextOf(data: unknown[]) {
  const training = parseTrainConfig(tinyConfiguration({ data }));
  return { ...(await prepareModel(training)), training };
}

test('a curriculum begins with simple scenes, and leaves the validation as it is', async () => {
  const plain = await contextOf([source]);
  const staged = await contextOf([{ ...source, curriculum }]);
  assert.equal(await validationBatches(staged, 3), await validationBatches(plain, 3));
  const [first, second] = [await openTrainingData(plain), await openTrainingData(staged)];
  assert.not.equal(await second.nextStep(), await first.nextStep());
  await first.close();
  await second.close();
});

test('a stage may have texts of its own, in number and kind', async () => {
  const { tokenizer } = await contextOf([source]);
  const options = { seed: 1, split: 'train', tokenizer, imageSize: 16, latents: 2, mostObjects: 2 } as const;
  const only = onlyKind('groundedCaption');
  const questions = { groundedCaption: 0, question: 1 };
  const staged = openShapes({
    ...options,
    textsPerImage: 2,
    mix: only,
    curriculum: [{ before: 10, mostObjects: 6, textsPerImage: 1, mix: questions }],
  });
  const texts = (index: number) => staged.example(index).sequences.map(({ ids }) => tokenizer.decode(ids));
  for (let index = 0; index < 10; index++) {
    assert.is(texts(index).length, 1);
    assert.match(texts(index)[0], /Question: /);
  }
  for (let index = 10; index < 20; index++) {
    assert.is(texts(index).length, 2);
    assert.match(texts(index).join(''), /<grounding>.*<object>/);
  }
  const boxes = Array.from(
    { length: 10 },
    (_, i) =>
      texts(i + 10)
        .join('')
        .split('<object>').length - 1,
  );
  assert.ok(Math.max(...boxes) <= 4, 'two texts about two objects at most, whatever the stage allows');
  assert.throws(
    () => openShapes({ ...options, curriculum: [{ before: 10, mostObjects: 1, mix: { question: -1 } }] }),
    /the mix needs weights that are not negative/,
  );
  const misspelled = { ...options, mix: { comprehensions: 1 } as Partial<ShapesMix> };
  assert.throws(() => openShapes(misspelled), /shapes: the mix has "comprehensions"; there are caption, /);
  const stage = { before: 10, mostObjects: 1, textPerImage: 1 };
  assert.throws(
    () => openShapes({ ...options, curriculum: [stage] }),
    /a stage of the curriculum has "textPerImage"; there are before, mostObjects, textsPerImage, mix/,
  );
});

test('a limit of objects holds for what is validated on too', async () => {
  const limited = await contextOf([{ ...source, mostObjects: 1, curriculum: [{ before: 4, mostObjects: 3 }] }]);
  assert.is(mostObjectsOf(limited.training), 1);
  assert.is(mostObjectsOf((await contextOf([source])).training), undefined);
  const options = { seed: 1, tokenizer: limited.tokenizer, imageSize: 16, latents: 2, mostObjects: 1 };
  const mix = { textOnly: 0, interleaved: 0 };
  const same = openShapes({ ...options, split: 'validation', textsPerImage: 1, mix });
  const [{ examples }] = await validationBatches(limited, 1);
  const sequences = examples.map((_, i) => same.example(i).sequences);
  assert.equal(
    examples.map((example) => example.sequences),
    sequences,
  );
  const items = shapesEvaluation({ seed: 1, split: 'validation', count: 20, task: 'captions', mostObjects: 1 });
  assert.equal([...new Set(items.map(({ scene }) => scene.objects.length))], [1]);
  const asked = { seed: 1, split: 'test', count: 1 } as const;
  assert.throws(() => shapesEvaluation({ ...asked, task: 'comprehension', mostObjects: 1 }), /nothing to comprehend/);
  assert.throws(
    () => shapesEvaluation({ ...asked, split: 'novel', task: 'captions', mostObjects: 1 }),
    /novel have two objects or more/,
  );
  assert.throws(() => shapesEvaluation({ ...asked, task: 'captions', mostObjects: 0 }), /must be 1 or more, found 0/);
});

test('scenes of a stage have at most so many objects; after the stages they are those of no curriculum', async () => {
  const { tokenizer } = await contextOf([source]);
  const options = { seed: 1, split: 'train', tokenizer, imageSize: 16, latents: 2, textsPerImage: 1 } as const;
  const mix = { ...source.mix, caption: 0, detail: 0, comprehension: 0, grounding: 0, referring: 0, question: 0 };
  const staged = openShapes({ ...options, mix, curriculum: [{ before: 40, mostObjects: 1 }] });
  const plain = openShapes({ ...options, mix });
  const boxes = (index: number) =>
    tokenizer.decode(staged.example(index).sequences[0].ids).split('</delimiter_of_multi_objects/>').length;
  for (let index = 0; index < 40; index++) assert.is(boxes(index), 1, 'one object has one box');
  for (let index = 40; index < 60; index++) assert.equal(staged.example(index), plain.example(index));
  assert.ok(makeScene({ seed: 1, split: 'train', index: 0 }).objects.length >= 1);
  assert.throws(
    () => openShapes({ ...options, curriculum: [{ before: 0, mostObjects: 1 }] }),
    /a stage of the curriculum needs/,
  );
});

test('sources that are not shapes are validated on the files that they name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kosmos-validation-'));
  try {
    const file = (name: string) => {
      const path = join(folder, name);
      writeFileSync(path, '{"text": "a red star and a blue ring"}\n');
      return path;
    };
    const texts = { name: 'texts', kind: 'text', path: file('train.jsonl'), perStep: 1 };
    const of = async (validation?: unknown) => contextOf([validation === undefined ? texts : { ...texts, validation }]);
    assert.equal(await validationBatches(await of(), 4), []);
    const [one, two] = [file('a.jsonl'), file('b.jsonl')];
    for (const validation of [one, [one, two]])
      assert.is((await validationBatches(await of(validation), 1)).length, 1, JSON.stringify(validation));
    for (const validation of [7, [], [one, 7], ''])
      await rejects(
        async () => openTrainingData(await of(validation)),
        Error,
        /validation takes a path or a list of paths/,
      );
  } finally {
    await rm(folder, { recursive: true });
  }
  const misplaced = await contextOf([{ ...source, validation: 'a.jsonl' }]);
  await rejects(
    () => openTrainingData(misplaced),
    Error,
    /shapes are made up, so they have neither path nor validation/,
  );
});

test('options of shapes that there are not, and switches that are neither true nor false, are refused by name', async () => {
  const opened = async (changes: object) => openTrainingData(await contextOf([{ ...source, ...changes }]));
  await rejects(
    () => opened({ unseenPairs: true }),
    Error,
    /unseenPairs is no option of shapes; there are textsPerImage/,
  );
  for (const name of ['packed', 'shapesEverywhere', 'unseenPairsOpen'])
    await rejects(() => opened({ [name]: 'no' }), Error, new RegExp(`: ${name} is true or false, not "no"`));
  await (await opened({ unseenPairsOpen: true })).close();
});

test.run();
