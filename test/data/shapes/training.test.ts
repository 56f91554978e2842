import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collate, IGNORED } from '../../../data/corpora/collate.ts';
import type { TrainingExample } from '../../../data/corpora/example.ts';
import { postProcessGeneration } from '../../../data/grounding.ts';
import { Processor } from '../../../data/processor.ts';
import { Random } from '../../../data/random.ts';
import { COLORS, plural, SHAPES, SIZES, TEXTURES } from '../../../data/shapes/attributes.ts';
import { documentTexts } from '../../../data/shapes/documents.ts';
import { SHAPES_TASKS, shapesEvaluation } from '../../../data/shapes/evaluation.ts';
import { isHeldOut, isNovelPair, NOVEL_PAIRS } from '../../../data/shapes/holdout.ts';
import { judgeCaption, objectAt } from '../../../data/shapes/judge.ts';
import { plainTextLines } from '../../../data/shapes/plain-text.ts';
import { QUESTION_TYPES } from '../../../data/shapes/questions.ts';
import { boxOf, makeScene, SPLITS } from '../../../data/shapes/scene.ts';
import { SequenceMaker } from '../../../data/shapes/sequences.ts';
import { openShapes } from '../../../data/shapes/stream.ts';
import { makePictureText, TEXT_KINDS, wholeText } from '../../../data/shapes/texts.ts';
import { buildShapesTokenizer } from '../../../data/shapes/tokenizer-training.ts';
import { Tokenizer } from '../../../data/tokenizer.ts';
import { runtime } from '../../../engine/index.ts';
import { rejects } from '../../rejects.ts';
import { onlyKind } from './only-kind.ts';

const LATENTS = 8;
const built = buildShapesTokenizer({ gridSize: 16 });
const tokenizer = new Tokenizer(built.tokenizerJson, built.tokenizerConfig);
const processor = new Processor(tokenizer, { numImageTokens: LATENTS });
const maker = new SequenceMaker(tokenizer, LATENTS);
const options = { seed: 1, split: 'train', tokenizer, imageSize: 32, latents: LATENTS } as const;

const id = (token: string) => tokenizer.tokenToId(token)!;
const counted = ({ ids, lossMask }: { ids: readonly number[]; lossMask: readonly number[] }) =>
  ids.filter((_, i) => i > 0 && lossMask[i - 1] === 1);

async function examples(count: number, more: object = {}): Promise<TrainingExample[]> {
  const stream = openShapes({ ...options, ...more });
  const list: TrainingExample[] = [];
  while (list.length < count) list.push(await stream.next());
  return list;
}

test('the words of the world are one token each, in the layout of the published tokenizer', () => {
  for (const word of [...SHAPES, ...SHAPES.map((shape) => (shape === 'cross' ? 'crosses' : `${shape}s`))])
    assert.is(tokenizer.encode(word).length, 1, word);
  for (const word of [...COLORS, ...SIZES, ...TEXTURES, 'Question', 'Answer', 'leftmost', 'six', 'centre'])
    assert.is(tokenizer.encode(word).length, 1, word);
  assert.equal(['<s>', '<pad>', '</s>', '<unk>'].map(id), [0, 1, 2, 3]);
  assert.is(id('</doc>'), id('<mask>') + 1);
  assert.is(id('<patch_index_0000>'), id('<grounding>') + 1);
  assert.is(id('<patch_index_0255>'), tokenizer.size - 1);
  assert.is(processor.gridSize, 16);
  assert.ok(tokenizer.size - 256 <= 450);
});

test('any ASCII text is encoded and decoded again', () => {
  const text = String.fromCharCode(...Array.from({ length: 94 }, (_, i) => 33 + i)).replace(/[<>]/g, '');
  for (const sample of [text, 'A zebra, 12 starfishes & {more}: ~x^2_#"']) {
    const ids = tokenizer.encode(sample);
    assert.not.ok(ids.includes(3));
    assert.is(tokenizer.decode(ids, { cleanUpSpaces: false }), sample);
  }
});

test('every text is encoded without unknown tokens and decoded again', () => {
  for (const split of SPLITS) {
    for (let index = 0; index < 400; index++) {
      const scene = makeScene({ seed: 9, split, index });
      const random = new Random(9, [100, index, 0]);
      const texts = TEXT_KINDS.map((kind) => makePictureText(scene, kind, random, 16));
      const tagged = texts.flatMap((text) => (text ? [wholeText(text)] : []));
      for (const text of [...tagged, ...plainTextLines(scene, random), ...documentTexts([scene, scene])]) {
        const ids = tokenizer.encode(text);
        assert.not.ok(ids.includes(3), text);
        assert.is(squeezed(tokenizer.decode(ids)), squeezed(text));
      }
    }
  }
});

/** Tags take the spaces before them away, and what follows them gets one. */
function squeezed(text: string): string {
  return text.replace(/ (?=<)/g, '').replace(/(?<=>) /g, '');
}

test('a caption counts from the end of the picture on, a response from its first token on', () => {
  const caption = maker.ofPicture({ kind: 'caption', prompt: '', response: 'An image of a red star.' });
  const text = tokenizer.encode('An image of a red star.');
  assert.equal(caption.ids, [0, ...new Array(LATENTS + 1).fill(id('<image>')), id('</image>'), ...text, 2]);
  assert.equal(counted(caption), [...text, 2]);
  assert.equal(
    caption.imageMask.flatMap((slot, i) => (slot ? [i] : [])),
    Array.from({ length: LATENTS }, (_, i) => i + 2),
  );
  const answer = maker.ofPicture({ kind: 'question', prompt: 'Question: What is it? Answer:', response: 'red' });
  assert.equal(counted(answer), [id('▁red'), 2]);
  const boxes = {
    prompt: '<grounding><phrase>the star</phrase>',
    response: '<object> <patch_index_0001> <patch_index_0034> </object>',
  };
  const found = maker.ofPicture({ kind: 'comprehension', ...boxes });
  assert.equal(counted(found), ['<object>', '<patch_index_0001>', '<patch_index_0034>', '</object>', '</s>'].map(id));
});

test('plain text counts as a whole, documents where there is text', () => {
  const lines = maker.ofLines(['A circle is round.', 'A star has five points.']);
  assert.equal(counted(lines), lines.ids.slice(1));
  assert.is(lines.ids.filter((one) => one === id('</line>')).length, 1);
  const pages = maker.ofDocument(['An image of a red star.', 'An image of a ring.']);
  const texts = ['An image of a red star.', 'An image of a ring.'].flatMap((text) => tokenizer.encode(text));
  assert.equal(counted(pages), [...texts, 2]);
  assert.is(pages.imageMask.filter((slot) => slot === 1).length, 2 * LATENTS);
  assert.is(pages.ids.filter((one) => one === id('</image>')).length, 2);
});

test('a prompt gives the ids that stand before the response in training', () => {
  for (let index = 0; index < 300; index++) {
    const scene = makeScene({ seed: 3, split: 'train', index });
    for (const [k, kind] of TEXT_KINDS.entries()) {
      const text = makePictureText(scene, kind, new Random(3, [100, index, k]), 16);
      if (!text) continue;
      const prompt = processor.process(text.prompt, { images: 1 });
      const trained = maker.ofPicture(text);
      const slots = prompt.imageEmbedsPositionMask![0];
      const ids = prompt.inputIds[0].map((one, i) => (slots[i] ? id('<image>') : one));
      assert.equal(trained.ids.slice(0, ids.length), ids, text.prompt);
      assert.is(trained.lossMask[ids.length - 1], 1);
    }
  }
});

test('prompts of the evaluation are those of training', () => {
  const patterns = {
    grounding: /^<grounding>An image of (?:.*, |.* and )?<phrase>[^<]+<\/phrase>$/,
    comprehension: /^<grounding><phrase>the [^<]+<\/phrase>$/,
    questions: /^Question: [^<]+\? Answer:$/,
    captions: /^<grounding>An image of$/,
  };
  for (const task of SHAPES_TASKS) {
    for (const item of shapesEvaluation({ seed: 1, split: 'validation', count: 100, task }))
      assert.match(item.prompt, patterns[task]);
  }
  const scene = makeScene({ seed: 1, split: 'validation', index: 0 });
  const caption = makePictureText(scene, 'groundedCaption', new Random(0, [100, 0, 1]), 16)!;
  const prefix = processor.process('<grounding>An image of', { images: 1 }).inputIds[0].slice(LATENTS + 3);
  assert.equal(maker.ofPicture(caption).ids.slice(LATENTS + 3, LATENTS + 3 + prefix.length), prefix);
});

test('items of the evaluation hold what is right', () => {
  for (const split of ['test', 'novel'] as const) {
    for (const item of shapesEvaluation({ seed: 1, split, count: 200, task: 'comprehension' })) {
      const object = objectAt(item.scene, item.boxes[0])!;
      assert.equal(boxOf(object), item.boxes[0]);
      const relation = /left of|right of|above|below/.exec(item.phrase)?.[0] as Parameters<typeof isHeldOut>[1];
      if (split === 'test') assert.is(item.novelty, null);
      else if (item.novelty === 'pair') assert.ok(isNovelPair(object));
      else assert.ok(!isNovelPair(object) && isHeldOut(object, relation));
    }
    for (const item of shapesEvaluation({ seed: 1, split, count: 50, task: 'captions' })) {
      assert.ok(item.caption.startsWith('An image of'));
      assert.equal(item.image().width, 64);
    }
    const types = shapesEvaluation({ seed: 1, split, count: 50, task: 'questions' }).map(({ type }) => type);
    assert.equal(
      types,
      Array.from({ length: 50 }, (_, i) => QUESTION_TYPES[i % QUESTION_TYPES.length]),
    );
  }
});

test('what training teaches to write is judged to be true', async () => {
  let index = 0;
  for (const { sequences } of await examples(200, { mix: onlyKind('groundedCaption'), textsPerImage: 1 })) {
    const scene = makeScene({ seed: 1, split: 'train', index: 3 * index++ });
    for (const { ids } of sequences) {
      const { entities } = postProcessGeneration(tokenizer.decode(ids), { gridSize: 16 });
      assert.ok(judgeCaption(scene, entities).isTrue, tokenizer.decode(ids));
    }
  }
});

test('texts about a picture in one row: each behind the end of the one before, with the same predictions that count', async () => {
  const scene = makeScene({ seed: 1, split: 'train', index: 5 });
  const random = new Random(1, [1, 2, 3]);
  const texts = ['question', 'caption', 'grounding'] as const;
  const rows = texts.map((kind) => maker.ofPicture(makePictureText(scene, kind, random, 16)!));
  const packed = maker.packed(rows);
  const end = id('</s>');
  assert.is(packed.ids.filter((token) => token === end).length, texts.length);
  assert.equal(packed.ids.slice(0, rows[0].ids.length), rows[0].ids);
  assert.equal(counted(packed), rows.flatMap(counted));
  assert.is(packed.imageMask.filter((mask) => mask === 1).length, LATENTS);
  assert.is(packed.lossMask.length, packed.ids.length);
  assert.is(packed.imageMask.length, packed.ids.length);

  const mix = { ...onlyKind('question'), comprehension: 1 };
  const rest = await examples(60, { mix, packed: true, textsPerImage: 6, maxTokens: 72 });
  const numbers = rest.map(({ sequences: [row, ...others] }) => {
    assert.is(others.length, 0);
    assert.ok(row.ids.length <= 72);
    return row.ids.filter((token) => token === end).length;
  });
  assert.ok(Math.max(...numbers) <= 6 && Math.min(...numbers) >= 1);
  assert.ok(numbers.filter((number) => number >= 3).length > 40, 'rows are filled');
});

test('adjectives of responses are now and then read as others of their kind; what is to be written stays', async () => {
  const mix = { ...onlyKind('groundedCaption'), question: 1 };
  const [clean, noisy] = [await examples(80, { mix }), await examples(80, { mix, adjectiveNoise: 0.3 })];
  const colors = COLORS.map((color) => tokenizer.encode(color)[0]);
  let [changed, all] = [0, 0];
  for (const [i, { sequences }] of noisy.entries()) {
    for (const [j, { ids, lossMask, imageMask, readIds }] of sequences.entries()) {
      assert.equal({ ids, lossMask, imageMask }, clean[i].sequences[j]);
      for (const [at, id] of ids.entries()) {
        const isAdjective = colors.includes(id) && lossMask[at - 1] === 1;
        if (isAdjective) all++;
        if (isAdjective && readIds![at] !== id) {
          changed++;
          assert.ok(colors.includes(readIds![at]));
        }
        if (lossMask[at - 1] !== 1) assert.is(readIds![at], id, 'prompts are read as they are');
      }
    }
  }
  assert.ok(Math.abs(changed / all - 0.3) < 0.06, `${changed} of ${all}`);
  const [first] = noisy[0].sequences;
  const rows = collate([first], { padId: 1 });
  assert.equal(rows.inputIds[0], first.readIds!.slice(0, -1));
  assert.equal(
    rows.labels[0].filter((label) => label !== IGNORED),
    counted(first),
  );
  assert.throws(
    () => openShapes({ ...options, adjectiveNoise: 1 }),
    'shapes: adjectiveNoise must be a number ≥ 0 and < 1, not 1',
  );
});

test('a shape is left open behind a colour that it never has in training, and a colour before such a shape; disguised pictures leave nothing open', async () => {
  const mix = { ...onlyKind('groundedCaption'), detail: 1, question: 1 };
  const [plain, open] = [await examples(60, { mix }), await examples(60, { mix, unseenPairsOpen: true })];
  const idOf = (word: string) => tokenizer.encode(` ${word}`)[0];
  const known = new Map<string, number>();
  for (const [i, { sequences }] of open.entries()) {
    for (const [j, { openIds, ...rest }] of sequences.entries()) {
      assert.equal(rest, plain[i].sequences[j]);
      const { ids, lossMask } = rest;
      const words = ids.map((id) => tokenizer.decode([id]).trim());
      const expected = ids.map((_, at) => {
        if (lossMask[at] !== 1) return [];
        const behind = NOVEL_PAIRS.filter(({ color }) => color === words[at]).map(({ shape }) => shape);
        const singular = (word: string) => SHAPES.find((shape) => word === shape || word === plural(shape));
        if (singular(words[at + 1] ?? '')) return behind.flatMap((shape) => [idOf(shape), idOf(plural(shape))]);
        if (!COLORS.some((color) => color === words[at + 1])) return [];
        return NOVEL_PAIRS.filter(({ shape }) => shape === singular(words[at + 2] ?? '')).map(({ color }) =>
          idOf(color),
        );
      });
      assert.equal(openIds, expected);
      for (const [at, left] of openIds!.entries()) {
        assert.not.ok(left.includes(ids[at + 1]), 'what is to be written is never left open');
        for (const id of left) known.set(tokenizer.decode([id]).trim(), id);
      }
    }
  }
  assert.is(known.size, 3 * NOVEL_PAIRS.length);
  const disguised = await examples(40, { mix, unseenPairsOpen: true, repainted: 0.3, reshaped: 0.3, renamed: 0.3 });
  const kinds = disguised.flatMap(({ sequences }) => sequences.map(({ openIds }) => openIds !== undefined));
  const share = kinds.filter(Boolean).length / kinds.length;
  assert.ok(share > 0 && share < 0.3, `${share} of the texts leave something open`);
});

test('a stream goes on where another stopped, and its examples are the same every time', async () => {
  const stream = openShapes(options);
  const first = [await stream.next(), await stream.next()];
  const state = JSON.parse(JSON.stringify(stream.state()));
  const third = await stream.next();
  assert.equal(await openShapes(options, state).next(), third);
  assert.equal(await examples(2), first);
  assert.equal(stream.problems(), []);
  await stream.close();
});

test('the same seed gives the same ids everywhere', async () => {
  const hash = (await runtime()).contentHash('sha256');
  for (const { sequences } of await examples(100)) hash.update(new TextEncoder().encode(JSON.stringify(sequences)));
  assert.is(hash.digest(), '87717f298960343947893e0adeb5765a43198c53343d56610a970ce5908ef500');
});

test('an example has as many pictures as its sequences have slots for, and no sequence twice', async () => {
  for (const { images, sequences } of await examples(300)) {
    const slots = images.length * LATENTS;
    for (const { ids, imageMask, lossMask } of sequences) {
      assert.is(imageMask.filter((slot) => slot === 1).length, slots);
      assert.ok(imageMask.length === ids.length && lossMask.length === ids.length);
      assert.ok(lossMask.includes(1));
    }
    assert.is(new Set(sequences.map(({ ids }) => ids.join())).size, sequences.length);
    for (const { width, height } of images) assert.equal([width, height], [32, 32]);
  }
});

test('the mix decides which kinds come', async () => {
  for (const { images } of await examples(20, { mix: onlyKind('textOnly') })) assert.is(images.length, 0);
  for (const { images } of await examples(20, { mix: onlyKind('interleaved') })) assert.ok(images.length >= 2);
  for (const { sequences } of await examples(20, { mix: onlyKind('comprehension') }))
    for (const { ids } of sequences)
      assert.equal(ids.slice(LATENTS + 3, LATENTS + 5), ['<grounding>', '<phrase>'].map(id));
});

test('nothing is longer than maxTokens', async () => {
  for (const { sequences } of await examples(300, { maxTokens: 50, mix: { interleaved: 0 } }))
    for (const { ids } of sequences) assert.ok(ids.length <= 50);
  await rejects(() => examples(5, { maxTokens: 10 }), Error, /no text within maxTokens 10/);
});

test('options that cannot be used', () => {
  assert.throws(() => openShapes({ ...options, mix: { caption: -1 } }), /the mix needs weights/);
  assert.throws(() => openShapes({ ...options, mix: { caption: Number.NaN } }), /the mix needs weights/);
  assert.throws(() => openShapes(options, { index: 0.5 }), /index 0.5/);
});

test.run();
