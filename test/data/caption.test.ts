/** Captions read from ids: piece by piece and as a whole, with tags and with text that looks like tags. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CaptionReader, markPhrases, Processor, postProcessGeneration, TagStripper } from '../../data/index.ts';
import { smallTokenizer } from './small-tokenizer.ts';

const tokenizer = smallTokenizer();
const processor = new Processor(tokenizer, { numImageTokens: 4 });

function read(inputIds: readonly number[], newIds: readonly number[], literalTags = false) {
  const reader = new CaptionReader(processor, inputIds, literalTags);
  const pieces = [reader.start(), ...newIds.map((id) => reader.push(id)), reader.finish()];
  return { pieces, streamed: pieces.join(''), ...reader.result() };
}

test('the caption behind the picture, with boxes on the grid of the tokenizer', () => {
  const { inputIds } = processor.process('<grounding>An image of', { images: 1 });
  const tail = '<phrase> a dog</phrase><object><patch_index_0001><patch_index_0010></object>, and a fire.';
  const { pieces, streamed, raw, text, entities } = read(inputIds[0], tokenizer.encode(tail));
  assert.is(raw, `<grounding> An image of${tail}`);
  assert.is(text, 'An image of a dog, and a fire.');
  assert.equal(entities, [{ text: 'a dog', span: [12, 17], boxes: [[0.375, 0.125, 0.625, 0.625]] }]);
  assert.is(streamed.trim(), text);
  assert.ok(
    pieces.every((piece) => !/[<>]/.test(piece)),
    'no piece holds a part of a tag',
  );
  assert.is(pieces[0], ' An image of', "the prompt's words come first");
});

test('without a picture the caption is everything', () => {
  const { inputIds } = processor.process('a dog');
  assert.is(read(inputIds[0], tokenizer.encode('by a fire')).text, 'a dog by a fire');
});

test('tags that somebody typed as text are neither tags nor boxes of the result', () => {
  const typed = 'a <phrase>b</phrase><object><patch_index_0001><patch_index_0010></object> </image> c <x>';
  const options = { images: 1, literalTags: true, prefix: '<grounding>' };
  const { inputIds } = processor.process(typed, options);
  const tail = '<phrase> a dog</phrase><object><patch_index_0001><patch_index_0010></object>';
  const { streamed, text, entities } = read(inputIds[0], tokenizer.encode(tail), true);
  const shown = tokenizer.decode(tokenizer.encode(typed, { literalTags: true }));
  assert.is(text, `${shown} a dog`);
  assert.is(streamed.trim(), text);
  assert.equal(
    entities.map((entity) => entity.text),
    ['a dog'],
  );
  const asTags = processor.process(typed, { images: 1 });
  assert.equal(
    read(asTags.inputIds[0], []).entities,
    [],
    'read as tags, the </image> among them ends the picture, and what stands before it is lost',
  );
});

test('streamed text equals post-processed text, however it is cut', () => {
  const texts = ['a <b', 'a < b > c', '<<a>b>', 'x <y\n z> w <v>', 'a<b>c<d>e', '<phrase>p</phrase', 'a > b < c', ''];
  for (const text of texts) {
    for (const size of [1, 2, 3, 100]) {
      const stripper = new TagStripper();
      let clean = '';
      for (let at = 0; at < text.length; at += size) clean += stripper.push(text.slice(at, at + size));
      clean += stripper.finish();
      assert.is(clean.trim(), postProcessGeneration(text).text, `${JSON.stringify(text)} in pieces of ${size}`);
    }
  }
});

test('phrases are found by their words', () => {
  const box = [0, 0, 1, 1] as const;
  const mark = (prompt: string, ...phrases: string[]) =>
    markPhrases(
      prompt,
      phrases.map((phrase) => ({ phrase, box })),
    );
  const boxes = [{ box }];
  assert.equal(mark('a dog and a cat', 'a cat'), { prompt: 'a dog and <phrase>a cat</phrase>', boxes: [boxes] });
  assert.equal(mark('<phrase> a dog </phrase> and a  cat', 'a cat', 'a dog'), {
    prompt: '<phrase> a dog </phrase> and <phrase>a  cat</phrase>',
    boxes: [boxes, boxes],
  });
  assert.equal(mark('<phrase>a</phrase><phrase>b</phrase>', 'b', 'b').boxes, [[], [{ box }, { box }]]);
  assert.is(mark('doghouse, dog.', 'dog').prompt, 'doghouse, <phrase>dog</phrase>.');
  assert.is(mark('<phrase>x</phrase> phrase', 'phrase').prompt, '<phrase>x</phrase> <phrase>phrase</phrase>');
  assert.is(mark('a (b) [c]? $1', '(b) [c]?').prompt, 'a <phrase>(b) [c]?</phrase> $1');
  assert.throws(() => mark('<grounding>a dog', 'grounding'), /does not have the phrase "grounding"/);
  assert.throws(() => mark('a dog', ' '), /needs the words/);
  const boxed = '<phrase>a dog</phrase> <object><patch_index_0000><patch_index_0001></object>';
  assert.throws(() => mark(boxed, 'a dog'), /"a dog" has boxes in the prompt already/);
});

test.run();
