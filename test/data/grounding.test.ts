import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Box,
  boxToPatches,
  boxToTrainingPatches,
  insertBoxes,
  intersectionOverUnion,
  patchesToBox,
  patchToken,
  postProcessGeneration,
  type TextBoxes,
  toMarkdown,
} from '../../data/grounding.ts';
import { checkBoxes } from '../golden/boxes.ts';
import type { GoldenCase } from '../golden/case.ts';
import { checkPostprocess } from '../golden/postprocess.ts';
import { skipUnlessShared } from '../shared.ts';
import { TEXT_GOLDENS } from './small-tokenizer.ts';

function assertAllOk(cases: readonly GoldenCase[], atLeast: number): void {
  assert.ok(cases.length >= atLeast, `${cases.length} cases`);
  assert.equal(
    cases.filter((one) => !one.ok),
    [],
  );
}

test('boxes, cells and overlap of the reference', async () => {
  assertAllOk(await checkBoxes(TEXT_GOLDENS), 2 * 261 + 205 + 104);
});

test('parsing of 123 outputs as the reference does it', async () => {
  assertAllOk(await checkPostprocess(TEXT_GOLDENS, 'no tokenizer is needed'), 3 * 123);
});

skipUnlessShared(
  test,
  'goldens/processor/postprocess.json',
  'decoding and parsing of whole sequences',
  async (path) => {
    const folder = path.slice(0, path.lastIndexOf('/'));
    assertAllOk(await checkPostprocess(folder, `${folder}/../../tokenizer/tokenizer.json`), 3 * 123 + 3 * 20);
  },
);

skipUnlessShared(test, 'goldens/model/e2e/postprocess.json', 'the second form of parsing goldens', async (path) => {
  const folder = path.slice(0, path.lastIndexOf('/'));
  assertAllOk(await checkPostprocess(folder, `${folder}/tokenizer.json`), 4 * 30 + 3 * 17 + 120);
});

test('the two rules from box to cells differ on the borders of cells', () => {
  assert.equal(boxToPatches([0.25, 0.25, 0.5, 0.5]), [264, 495]);
  assert.equal(boxToTrainingPatches([0.25, 0.25, 0.5, 0.5]), [264, 528]);
  assert.equal(boxToPatches([0, 0, 1, 1]), [0, 1023]);
  assert.equal(boxToTrainingPatches([0, 0, 1, 1]), [0, 1023]);
});

test('any grid size', () => {
  assert.equal(boxToPatches([0.25, 0, 0.75, 0.5], 4), [1, 6]);
  assert.equal(boxToTrainingPatches([0.25, 0, 0.75, 0.5], 4), [1, 11]);
  assert.equal(patchesToBox([1, 6], 4), [0.375, 0.125, 0.625, 0.375]);
  assert.equal(patchesToBox([1, 9], 4), [0.25, 0, 0.5, 0.75]);
  for (const gridSize of [1, 4, 7, 32, 100]) {
    for (let upperLeft = 0; upperLeft < gridSize ** 2; upperLeft += 3) {
      const lowerRight = gridSize ** 2 - 1;
      const box = patchesToBox([upperLeft, lowerRight], gridSize);
      if (box[0] < box[2] && box[1] < box[3]) {
        assert.equal(boxToTrainingPatches(shrunk(box), gridSize), [upperLeft, lowerRight]);
        assert.equal(boxToPatches(shrunk(box), gridSize), [upperLeft, lowerRight]);
      }
    }
  }
});

/** A little smaller on every side, so that no corner lies on a border between cells. */
function shrunk([x1, y1, x2, y2]: Box): Box {
  return [x1 + 1e-9, y1 + 1e-9, x2 - 1e-9, y2 - 1e-9];
}

test('boxes that are none are refused', () => {
  const bad: [Box, RegExp][] = [
    [[0.5, 0.2, 0.5, 0.9], /x2 > x1/],
    [[0.1, 0.9, 0.5, 0.3], /x2 > x1/],
    [[Number.NaN, 0, 1, 1], /finite/],
    [[0, 0, Number.POSITIVE_INFINITY, 1], /finite/],
    [[0.2, 0.1, 1.2, 0.8], /from 0 to 1/],
    [[-0.1, 0.3, 0.4, 0.8], /from 0 to 1/],
    [[0, 0, 1e-18, 1e-18], /no cell/],
    [[0, 0, 1] as unknown as Box, /four finite/],
    ['box' as unknown as Box, /four finite/],
  ];
  for (const [box, message] of bad) {
    assert.throws(
      () => boxToPatches(box),
      (error: Error) => message.test(error.message),
    );
  }
  assert.throws(() => boxToTrainingPatches([0, 0, Number.NaN, 1]), /finite/);
  assert.throws(() => boxToTrainingPatches([1, 0, 1, 1]), /no cell/);
});

test('overlap', () => {
  assert.is(intersectionOverUnion([0, 0, 2, 2], [1, 0, 3, 2]), 1 / 3);
  assert.is(intersectionOverUnion([0, 0, 1, 1], [2, 2, 3, 3]), 0);
  assert.ok(Number.isNaN(intersectionOverUnion([0, 0, 0, 0], [0, 0, 0, 0])));
});

test('boxes are put behind their phrases', () => {
  const text = '<grounding><phrase> a dog</phrase> and <phrase>two cats</phrase>.';
  assert.is(
    insertBoxes(text, [{ patch: [79, 1016] }, [{ patch: [1, 2] }, { box: [0, 0, 1, 1] }]]),
    '<grounding><phrase> a dog</phrase><object> <patch_index_0079> <patch_index_1016> </object> and ' +
      '<phrase>two cats</phrase><object> <patch_index_0001> <patch_index_0002> </delimiter_of_multi_objects/> ' +
      '<patch_index_0000> <patch_index_1023> </object>.',
  );
  for (const none of [null, undefined, [], [null, null], [[], null]]) assert.is(insertBoxes(text, none), text);
  assert.is(patchToken(5), '<patch_index_0005>');
  assert.is(patchToken(12345), '<patch_index_12345>');
});

test('a phrase is the shortest run of at least one character, on one line', () => {
  const box = [{ patch: [0, 0] as [number, number] }];
  const tags = '<object> <patch_index_0000> <patch_index_0000> </object>';
  assert.is(insertBoxes('<phrase></phrase> a</phrase>', box), `<phrase></phrase> a</phrase>${tags}`);
  assert.is(
    insertBoxes('<phrase>a\nb</phrase><phrase>c</phrase>', box),
    `<phrase>a\nb</phrase><phrase>c</phrase>${tags}`,
  );
  assert.is(insertBoxes('<phrase>a\rb</phrase>', box), `<phrase>a\rb</phrase>${tags}`);
  assert.is(insertBoxes('<phrase>a<phrase>b</phrase></phrase>', box), `<phrase>a<phrase>b</phrase>${tags}</phrase>`);
  assert.throws(() => insertBoxes('no phrase', box), /1 entries for 0 <phrase>/);
});

test('box arguments that do not fit are refused with the place', () => {
  const text = '<phrase> a kite</phrase>';
  const bad: [unknown, RegExp][] = [
    [[{ patch: [0, 1] }, null], /2 entries for 1 <phrase>/],
    [[[null]], /bboxes\[0\]: \{ patch/],
    [[[{ patch: [0, 1] }, null]], /bboxes\[0\]: \{ patch/],
    [[{ patch: [0, 1024] }], /from 0 to 1023/],
    [[{ patch: [-1, 10] }], /from 0 to 1023/],
    [[{ patch: [0.5, 10] }], /from 0 to 1023/],
    [[{ patch: [1, 2, 3] }], /from 0 to 1023/],
    [[{ patch: [0, 1], box: [0, 0, 1, 1] }], /\{ patch: \[a, b\] \} or/],
    [[{}], /\{ patch: \[a, b\] \} or/],
    [[[1, 2]], /not 1$/],
    [['12'], /not "12"/],
    [[7], /not 7/],
    ['boxes', /one entry per phrase/],
    [{ patch: [0, 1] }, /one entry per phrase/],
  ];
  for (const [bboxes, message] of bad) {
    assert.throws(
      () => insertBoxes(text, bboxes as TextBoxes),
      (error: Error) => message.test(error.message),
    );
  }
  assert.throws(() => insertBoxes(text, [{ patch: [0, 16] }], 4), /from 0 to 15/);
});

const PUBLISHED =
  '<image>. the, to and</image><grounding> An image of<phrase> a snowman</phrase><object><patch_index_0044>' +
  '<patch_index_0863></object> warming himself by<phrase> a fire</phrase><object><patch_index_0005><patch_index_0911></object>.';

test('the published caption', () => {
  assert.equal(postProcessGeneration(PUBLISHED), {
    text: 'An image of a snowman warming himself by a fire.',
    entities: [
      { text: 'a snowman', span: [12, 21], boxes: [[0.390625, 0.046875, 0.984375, 0.828125]] },
      { text: 'a fire', span: [41, 47], boxes: [[0.171875, 0.015625, 0.484375, 0.890625]] },
    ],
  });
  const raw = postProcessGeneration(PUBLISHED, { cleanup: false });
  assert.ok(raw.text.startsWith('<grounding> An image of<phrase>'));
  assert.equal(raw.entities, []);
});

test('grids of other sizes, and numbers that name no cell', () => {
  const text = '<phrase> a</phrase><object><patch_index_0001><patch_index_0006></object>';
  assert.equal(postProcessGeneration(text, { gridSize: 4 }).entities[0].boxes, [[0.375, 0.125, 0.625, 0.375]]);
  const digits = '9'.repeat(400);
  const huge = `<phrase> a</phrase><object><patch_index_${digits}><patch_index_0006></object>`;
  assert.equal(postProcessGeneration(huge), { text: 'a', entities: [] });
});

test('long outputs, also broken ones, take time in proportion to their length', () => {
  const started = performance.now();
  const entity = '<phrase> a</phrase><object><patch_index_0001><patch_index_0006></object>';
  assert.is(postProcessGeneration(entity.repeat(20_000)).entities.length, 20_000);
  for (const part of [
    '<',
    '<\n',
    '<phrase>',
    '<phrase> a</phrase><object>',
    '<object><patch_index_0001><patch_index_0002>',
  ]) {
    assert.equal(postProcessGeneration(part.repeat(50_000)).entities, []);
    assert.throws(() => insertBoxes(`${part.repeat(50_000)}x`, [null, null]), /entries for/);
  }
  const pairs = '<patch_index_0001><patch_index_0006></delimiter_of_multi_objects/>';
  assert.equal(postProcessGeneration(`<object>${pairs.repeat(20_000)}`).entities, []);
  assert.ok(performance.now() - started < 20_000);
});

test('markdown with the boxes as link targets', () => {
  assert.is(
    toMarkdown(postProcessGeneration(PUBLISHED)),
    'An image of [a snowman](0.391,0.047,0.984,0.828) warming himself by [a fire](0.172,0.016,0.484,0.891).',
  );
  const box: Box = [0, 0, 0.5, 1];
  const several = {
    text: 'two dogs',
    entities: [{ text: 'two dogs', span: [0, 8] as [number, number], boxes: [box, box] }],
  };
  assert.is(toMarkdown(several), '[two dogs](0,0,0.5,1;0,0,0.5,1)');
});

test('markdown counts code points, escapes, and names boxes without a phrase', () => {
  const box: Box = [0, 0, 1, 1];
  const entity = (start: number, end: number) => ({ text: '', span: [start, end] as [number, number], boxes: [box] });
  assert.is(toMarkdown({ text: '😀 a *b*_c', entities: [entity(2, 3)] }), '😀 [a](0,0,1,1) \\*b\\*\\_c');
  assert.is(toMarkdown({ text: '# 1. <a>!x', entities: [entity(9, 10)] }), '\\# 1. \\<a\\>\\![x](0,0,1,1)');
  assert.is(toMarkdown({ text: '1. a', entities: [] }), '1\\. a');
  assert.is(toMarkdown({ text: 'a [b] c', entities: [entity(2, 5)] }), 'a [\\[b\\]](0,0,1,1) c');
  assert.is(toMarkdown({ text: 'a', entities: [entity(-1, -1), entity(1, 1)] }), '[object](0,0,1,1)a[object](0,0,1,1)');
});

test.run();
