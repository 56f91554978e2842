import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TextBoxes } from '../../data/grounding.ts';
import { type ProcessOptions, Processor } from '../../data/processor.ts';
import { Tokenizer } from '../../data/tokenizer.ts';
import { checkProcessorCases } from '../golden/processor-cases.ts';
import { checkPrompts } from '../golden/prompts.ts';
import { skipUnlessShared } from '../shared.ts';
import { readGolden, smallTokenizer } from './small-tokenizer.ts';

const tokenizer = smallTokenizer();
const processor = new Processor(tokenizer, { numImageTokens: 3 });

/** Ids of tags and of pieces, by name. */
function ids(...tokens: string[]): number[] {
  return tokens.map((token) => {
    const id = tokenizer.tokenToId(token);
    assert.is.not(id, undefined, token);
    return id!;
  });
}

const SLOTS = [4, 5, 6];
const IMAGE = [...ids('<image>'), ...SLOTS, ...ids('</image>')];

test('a text alone', () => {
  assert.equal(processor.process('  An image of \u0085'), {
    inputIds: [[0, ...ids('▁An', '▁image', '▁of')]],
    attentionMask: [[1, 1, 1, 1]],
  });
});

test('an image in front', () => {
  assert.equal(processor.process('<grounding> a dog', { images: 1, addEosToken: true }), {
    inputIds: [[0, ...IMAGE, ...ids('<grounding>', '▁a', '▁dog'), 2]],
    attentionMask: [new Array(10).fill(1)],
    imageEmbedsPositionMask: [[0, 0, 1, 1, 1, 0, 0, 0, 0, 0]],
  });
});

test('without special tokens there is no end token either', () => {
  const { inputIds, imageEmbedsPositionMask } = processor.process('a', {
    images: 1,
    addSpecialTokens: false,
    addEosToken: true,
  });
  assert.equal(inputIds, [[...IMAGE, ...ids('▁a')]]);
  assert.equal(imageEmbedsPositionMask, [[0, 1, 1, 1, 0, 0]]);
});

test('boxes of phrases, on the grid of the tokenizer', () => {
  assert.is(processor.gridSize, 4);
  const text = '<phrase> a dog </phrase> and <phrase>a fire</phrase>.';
  const bboxes: TextBoxes = [[{ patch: [0, 15] }, { box: [0.25, 0, 0.75, 0.5] }], null];
  assert.equal(processor.process(text, { bboxes }).inputIds[0].slice(1, 11), [
    ...ids('<phrase>', '▁a', '▁dog', '</phrase>', '<object>', '<patch_index_0000>', '<patch_index_0015>'),
    ...ids('</delimiter_of_multi_objects/>', '<patch_index_0001>', '<patch_index_0006>'),
  ]);
  assert.throws(() => processor.process(text, { bboxes: [{ patch: [0, 16] }, null] }), /from 0 to 15/);
});

test('batches: padding only on request, on either side', () => {
  const texts = ['a', 'a dog and'];
  const lengths = (options: ProcessOptions) => processor.process(texts, options).inputIds.map((row) => row.length);
  assert.equal(lengths({}), [2, 4]);
  assert.equal(lengths({ padToMultipleOf: 8 }), [2, 4]);
  assert.equal(lengths({ padding: 'longest' }), [4, 4]);
  assert.equal(lengths({ padding: 'longest', padToMultipleOf: 3 }), [6, 6]);
  assert.equal(lengths({ padding: 'max_length', maxLength: 7 }), [7, 7]);
  assert.equal(lengths({ padding: 'max_length', maxLength: 3 }), [3, 4]);
  const [a] = ids('▁a');
  assert.equal(processor.process(texts, { padding: 'longest' }).inputIds[0], [0, a, 1, 1]);
  const left = processor.process(texts, { padding: 'longest', paddingSide: 'left' });
  assert.equal(left.inputIds[0], [1, 1, 0, a]);
  assert.equal(left.attentionMask, [
    [0, 0, 1, 1],
    [1, 1, 1, 1],
  ]);
});

test('batches with images are always padded to the longest row', () => {
  const result = processor.process(['a', 'a dog and'], { images: [1, 1], paddingSide: 'left' });
  assert.equal(
    result.inputIds.map((row) => row.length),
    [9, 9],
  );
  assert.equal(result.imageEmbedsPositionMask, [
    [0, 0, 0, 0, 1, 1, 1, 0, 0],
    [0, 0, 1, 1, 1, 0, 0, 0, 0],
  ]);
  const short = processor.process(['a', 'a dog and'], { images: [1, 1], padding: 'max_length', maxLength: 2 });
  assert.equal(
    short.inputIds.map((row) => row.length),
    [9, 9],
  );
  const mixed = processor.process(['a', 'a dog and'], { images: [1, 0] });
  assert.equal(mixed.imageEmbedsPositionMask, [
    [0, 0, 1, 1, 1, 0, 0],
    [0, 0, 0, 0, 0, 0, 0],
  ]);
});

test('several images stand where the text says <image>', () => {
  const { inputIds, imageEmbedsPositionMask } = processor.process('<image> a dog <image>and', { images: 2 });
  assert.equal(inputIds, [[0, ...IMAGE, ...ids('▁a', '▁dog'), ...IMAGE, ...ids('▁and')]]);
  assert.equal(imageEmbedsPositionMask, [[0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0]]);
  const one = processor.process('a<image>', { images: 1, imagePlacement: 'markers' });
  assert.equal(one.inputIds, [[0, ...ids('▁a'), ...IMAGE]]);
});

test('one image stands in front, whatever tags the text holds, as in the reference', () => {
  const { inputIds } = processor.process('<image>a</image>', { images: 1 });
  assert.equal(inputIds, [[0, ...IMAGE, ...ids('<image>', '▁a', '</image>')]]);
});

test('literal tags: the text of a user is data, the prefix is not', () => {
  const typed = 'a <phrase>dog</phrase> </s><image>';
  const { inputIds, imageEmbedsPositionMask } = processor.process(typed, {
    images: 1,
    literalTags: true,
    prefix: '<grounding>',
  });
  const start = [0, ...IMAGE, ...ids('<grounding>', '▁a')];
  assert.equal(inputIds[0].slice(0, start.length), start);
  const tags = new Set(readGolden('tokenizer.json').added_tokens.map((token: { id: number }) => token.id));
  const rest = inputIds[0].slice(start.length);
  assert.ok(rest.length > 10 && rest.every((id) => id === 3 || !tags.has(id)));
  assert.is(imageEmbedsPositionMask![0].filter((bit) => bit === 1).length, 3);
  assert.throws(() => processor.process(typed, { literalTags: true, bboxes: [{ patch: [0, 1] }] }), /no phrases/);
  assert.throws(() => processor.process(typed, { images: 2, literalTags: true }), /2 images for 0 <image> markers/);
});

test('counts and options that do not agree are refused', () => {
  const refused = (text: unknown, options: unknown, message: RegExp) =>
    assert.throws(
      () => processor.process(text as string, options as ProcessOptions),
      (error: Error) => message.test(error.message),
    );
  refused(null, {}, /a text is expected, not null/);
  refused(undefined, { images: 1 }, /a text is expected/);
  refused(['a', 3], {}, /a text is expected, not 3/);
  refused([], {}, /holds no text/);
  refused('a', { images: 2 }, /2 images for 0 <image> markers/);
  refused('<image>', { images: 2 }, /2 images for 1 <image> markers/);
  refused('a', { images: 2, imagePlacement: 'front' }, /2 images cannot stand in front/);
  refused('a', { images: -1 }, /images must be a whole number/);
  refused('a', { images: [1] }, /images must be a whole number/);
  refused(['a', 'b'], { images: 2 }, /images of a batch of 2 texts must be a list of 2, not 2/);
  refused(['a', 'b'], { images: [1] }, /a list of 1/);
  refused(['a', 'b'], { bboxes: [] }, /bboxes of a batch of 2 texts must be a list of 2, not a list of 0/);
  refused(['a', 'b'], { bboxes: [{ patch: [0, 1] }, null] }, /one entry per phrase/);
  refused('a', { bboxes: [{ patch: [0, 1] }] }, /1 entries for 0 <phrase>/);
  refused('a', { padding: 'max_length' }, /needs maxLength/);
  refused('a', { padding: 'longest', padToMultipleOf: 0 }, /padToMultipleOf/);
});

test('the slots follow the configuration and must fit the vocabulary', () => {
  const other = Processor.fromConfig(tokenizer, { latent_query_num: 2 }, { firstImageTokenId: 10 });
  assert.equal(other.process('', { images: 1 }).inputIds, [[0, ...ids('<image>'), 10, 11, ...ids('</image>')]]);
  assert.is(Processor.fromConfig(tokenizer, {}).numImageTokens, 64);
  assert.throws(() => new Processor(tokenizer, { numImageTokens: 100_000 }), /do not fit into/);
  assert.throws(() => new Processor(tokenizer, { numImageTokens: 0 }), /numImageTokens must be a whole number/);
});

test('tokenizers that the processor cannot use are refused', () => {
  const json = readGolden('tokenizer.json');
  const without = (unwanted: string) =>
    new Tokenizer({
      ...json,
      added_tokens: json.added_tokens.filter(({ content }: { content: string }) => content !== unwanted),
    });
  assert.throws(() => new Processor(without('<image>')), /no token for <image>/);
  assert.throws(() => new Processor(without('<patch_index_0015>')), /15 patch tokens form no square grid/);
});

skipUnlessShared(test, 'goldens/processor/prompts.json', '189 calls of the reference processor', async (path) => {
  const folder = path.slice(0, path.lastIndexOf('/'));
  const cases = await checkPrompts(folder, `${folder}/../../tokenizer/tokenizer.json`);
  assert.ok(cases.length > 300);
  assert.equal(
    cases.filter((one) => !one.ok),
    [],
  );
});

skipUnlessShared(test, 'goldens/model/e2e/processor.json', '29 further calls', async (path) => {
  const folder = path.slice(0, path.lastIndexOf('/'));
  const cases = await checkProcessorCases(folder, `${folder}/tokenizer.json`);
  assert.is(cases.length, 29);
  assert.equal(
    cases.filter((one) => !one.ok),
    [],
  );
});

test.run();
