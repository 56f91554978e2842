/** Records as token sequences, and sequences as rows. */
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { captionSequence, groundedSequence } from '../../../data/corpora/caption-sequence.ts';
import { collate, IGNORED } from '../../../data/corpora/collate.ts';
import { groundingSequence, referringSequence } from '../../../data/corpora/grounded-instruction.ts';
import { instructionSequence } from '../../../data/corpora/instruction-sequence.ts';
import { interleavedSequence } from '../../../data/corpora/interleaved-sequence.ts';
import { LinePacker, packDocuments } from '../../../data/corpora/packing.ts';
import { boxView, seenRegions } from '../../../data/corpora/regions.ts';
import { taggedIds } from '../../../data/corpora/tagged-text.ts';
import type { GoldenCase } from '../../golden/case.ts';
import { readJson } from '../../golden/json.ts';
import { findTokenizerFile } from '../../golden/tokenizer-file.ts';
import { checkRegions, checkTrainingSequences } from '../../golden/training-sequences.ts';
import { repositoryRoot, skipUnlessShared } from '../../shared.ts';
import { contextWith, show, tokenizer } from './files.ts';

const context = contextWith();
const failures = (cases: readonly GoldenCase[]) => cases.filter(({ ok }) => !ok);

test('goldens: which boxes are left after score, crop and containment', async () => {
  const { settings, captions } = await readJson(join(repositoryRoot(), 'test/goldens/corpora/regions.json'));
  const cases = captions.flatMap((entry: unknown) => checkRegions(entry, settings));
  assert.is(cases.length, 4 * 62);
  assert.equal(failures(cases), []);
});

skipUnlessShared(
  test,
  'goldens/processor/training-sequences.json',
  'goldens: captions, collation, packing, instructions',
  async (path) => {
    const folder = dirname(path);
    const cases = await checkTrainingSequences(folder, findTokenizerFile(folder));
    assert.is(cases.length, 9 * 62 + 4 + 27 + 22);
    assert.equal(failures(cases), []);
  },
);

test('a caption: slots hold <image>, nothing of the picture counts, the end does', () => {
  const sequence = captionSequence('a dog <phrase>', context);
  assert.is(show(sequence), '<s><image>#</image> A DOG <PHRASE></S>');
  assert.ok(!sequence.ids.includes(tokenizer.tokenToId('<phrase>')!), 'a tag in a caption is ordinary characters');
  const image = tokenizer.tokenToId('<image>')!;
  assert.equal(sequence.ids.slice(0, 6), [
    tokenizer.bosId,
    image,
    image,
    image,
    image,
    tokenizer.tokenToId('</image>'),
  ]);
  assert.equal(sequence.imageMask.slice(0, 6), [0, 0, 1, 1, 1, 0]);
  assert.is(sequence.lossMask.at(-1), 0);
});

test('a grounded caption; the later of two spans that overlap goes', () => {
  const group = (start: number, end: number) => ({
    start,
    end,
    text: '',
    scores: [1],
    boxes: [[0, 0, 0.6, 0.6]] as const,
  });
  const grounded = groundedSequence('a dog in a field', [group(9, 16), group(0, 5), group(2, 16)], context)!;
  const box = '<OBJECT><PATCH_INDEX_0000><PATCH_INDEX_0010></OBJECT>';
  assert.is(
    show(grounded),
    `<s><image>#</image><GROUNDING><PHRASE> A DOG</PHRASE>${box} IN<PHRASE> A FIELD</PHRASE>${box}</S>`,
  );
});

test('several boxes of a span, and a span without any token', () => {
  const boxes = [
    [0, 0, 0.2, 0.2],
    [0.5, 0.5, 1, 1],
  ] as const;
  const ids = taggedIds(
    'a dog  .',
    [
      { start: 0, end: 5, boxes },
      { start: 5, end: 7, boxes },
    ],
    context,
  )!;
  assert.is(
    ids.map((id) => tokenizer.idToToken(id)).join(''),
    '<phrase>▁a▁dog</phrase><object><patch_index_0000><patch_index_0000></delimiter_of_multi_objects/>' +
      '<patch_index_0010><patch_index_0015></object>▁.',
  );
});

test('boxes without area, inverted or outside are not seen', () => {
  const view = boxView(20, 10, 10);
  const rows = [
    [0, 1, 0.5, 0.1, 0.5, 0.9, 1],
    [0, 1, 0.9, 0.9, 0.1, 0.1, 1],
    [0, 1, 2, 2, 3, 3, 1],
    [0, 1, 0.4, 0, 0.6, 1, 1],
  ] as const;
  const seen = seenRegions(
    rows.map((row) => [...row]),
    view,
  );
  assert.equal(
    seen.map(({ dropped }) => dropped),
    ['crop', 'crop', 'crop', null],
  );
  assert.equal(boxView(20, 10, 10, true), { resizedWidth: 10, resizedHeight: 10, left: 0, top: 0, size: 10 });
});

test('lines are packed whole; documents share sequences; a line that is too long is cut and loses its end', () => {
  const small = contextWith({ sequenceLength: 8 });
  const documents = ['a dog in\na in', '', 'a dog\n\nin a dog in a dog in a', 'a'];
  assert.equal(packDocuments(documents, small).map(show), [
    '<s> A DOG IN</LINE> A IN</S>',
    '<s></S> A DOG</LINE>',
    '<s> IN A DOG IN A DOG IN',
    '<s> A</S>',
  ]);
  assert.is(new LinePacker(small).finish(), null);
});

test('pictures between texts; what does not fit is left out with all that follows', () => {
  const pieces = [{ picture: 0 }, { text: 'a dog' }, { text: 'in' }, { picture: 1 }, { text: 'a field.' }];
  const all = interleavedSequence(pieces, context);
  assert.is(show(all.sequence), '<s><image>#</image> A DOG IN<image>#</image> A FIELD.</S>');
  assert.equal(all.pictures, [0, 1]);
  const cut = (sequenceLength: number) => interleavedSequence(pieces, contextWith({ sequenceLength }));
  assert.is(show(cut(13).sequence), '<s><image>#</image> A DOG IN');
  assert.equal(cut(13).pictures, [0]);
  assert.is(show(cut(15).sequence), '<s><image>#</image> A DOG IN<image>#</image> A');
  assert.is(show(cut(7).sequence), '<s><image>#</image> A');
  assert.is(cut(15).sequence.ids.length, 15);
});

test('of instructions the responses count, each with its end', () => {
  const turns = [
    { instruction: 'Question: a dog? Answer:', response: 'a field' },
    { instruction: 'Describe', response: 'a fire' },
  ];
  assert.is(
    show(instructionSequence(turns, 1, context)!),
    '<s><image>#</image> Question: a dog? Answer: A FIELD</S> Describe A FIRE</S>',
  );
  const first = instructionSequence([turns[0]!], 0, context)!;
  assert.equal(instructionSequence(turns, 0, contextWith({ sequenceLength: first.ids.length + 3 })), first);
  assert.is(instructionSequence(turns, 0, contextWith({ sequenceLength: first.ids.length - 1 })), null);
});

test('boxes asked for, and expressions asked for', () => {
  const box = [0, 0, 0.6, 0.6] as const;
  assert.is(
    show(groundingSequence('a dog', [box], context)),
    '<s><image>#</image><grounding><phrase> a dog</phrase><OBJECT><PATCH_INDEX_0000><PATCH_INDEX_0010></OBJECT></S>',
  );
  assert.is(
    show(referringSequence('a dog', box, 3, context, { groundingTag: false })!),
    '<s><image>#</image><phrase> It</phrase><object><patch_index_0000><patch_index_0010></object> is A DOG.</S>',
  );
});

test('rows of one length; labels say only what counts', () => {
  const sequences = [
    { ids: [0, 5, 6, 2], imageMask: [0, 1, 0, 0], lossMask: [0, 1, 1, 0] },
    { ids: [0, 2], imageMask: [0, 0], lossMask: [1, 0] },
  ];
  assert.equal(collate(sequences, { padId: 1, lengthMultiple: 4 }), {
    inputIds: [
      [0, 5, 6, 1],
      [0, 1, 1, 1],
    ],
    labels: [
      [IGNORED, 6, 2, IGNORED],
      [2, IGNORED, IGNORED, IGNORED],
    ],
    attentionMask: [
      [1, 1, 1, 0],
      [1, 0, 0, 0],
    ],
    imageEmbedsPositionMask: [
      [0, 1, 0, 0],
      [0, 0, 0, 0],
    ],
  });
  assert.equal(collate([], { padId: 1 }).inputIds, []);
});

test.run();
