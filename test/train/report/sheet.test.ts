import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fitText, textWidth } from '../../../data/image/draw/font.ts';
import { entityColor, type GroundedText, type RgbImage } from '../../../data/index.ts';
import { layOutCaption, lineCount } from '../../../train/report/sheet/caption.ts';
import { sampleSheet } from '../../../train/report/sheet.ts';

function plain(width: number, height: number, value = 90): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3).fill(value) };
}

function pixel(image: RgbImage, x: number, y: number): number[] {
  return Array.from(image.data.subarray((y * image.width + x) * 3, (y * image.width + x) * 3 + 3));
}

/** Pixels of one colour. */
function count(image: RgbImage, color: readonly number[]): number {
  let found = 0;
  for (let at = 0; at < image.data.length; at += 3) {
    if (color.every((value, channel) => image.data[at + channel] === value)) found++;
  }
  return found;
}

const NOTHING: GroundedText = { text: 'words', entities: [] };
const CIRCLE: GroundedText = {
  text: 'a red circle, a square',
  entities: [
    { text: 'a red circle', span: [0, 12], boxes: [[0.25, 0.25, 0.5, 0.75]] },
    { text: 'a square', span: [14, 22], boxes: [[0.9, 0.9, 0.6, 0.1]] },
  ],
};

test('a small picture is enlarged and its boxes lie where they belong, corners swapped or not', () => {
  const sheet = sampleSheet([{ image: plain(64, 64), predicted: CIRCLE }], { side: 400 });
  assert.is(sheet.width, 400 + 2 * 18);
  for (const [x, y] of [
    [0.25, 0.5],
    [0.495, 0.5],
    [0.4, 0.25],
    [0.4, 0.745],
  ]) {
    assert.equal(pixel(sheet, 18 + Math.round(400 * x!), 18 + Math.round(400 * y!)), entityColor(0), `(${x}, ${y})`);
  }
  assert.equal(pixel(sheet, 18 + 240, 18 + 200), entityColor(1));
  assert.equal(pixel(sheet, 18 + 150, 18 + 200), [90, 90, 90]);
  assert.equal(pixel(sheet, 17, 17), [255, 255, 255]);
});

test('the words of a phrase stand on the colour of its box', () => {
  const tagged = sampleSheet([{ image: plain(64, 64), predicted: CIRCLE }]);
  const untagged = sampleSheet([
    {
      image: plain(64, 64),
      predicted: { ...CIRCLE, entities: CIRCLE.entities.map((one) => ({ ...one, span: [0, 0] })) },
    },
  ]);
  for (const index of [0, 1]) assert.ok(count(tagged, entityColor(index)) > count(untagged, entityColor(index)) + 200);
});

test('true boxes are dashed in white, and a line at the foot says so', () => {
  const truth: GroundedText = { text: 'a hill', entities: [{ text: 'a hill', span: [0, 6], boxes: [[0, 0, 1, 1]] }] };
  const alone = sampleSheet([{ image: plain(64, 64), predicted: NOTHING }]);
  const sheet = sampleSheet([{ image: plain(64, 64), predicted: NOTHING, truth }]);
  assert.ok(sheet.height > alone.height);
  const edge = Array.from({ length: 256 }, (_, x) => pixel(sheet, 18 + x, 18)[0]!);
  assert.ok(edge.filter((value) => value === 255).length > 100 && edge.filter((value) => value < 90).length > 100);
});

test('pictures of any shape go into rows', () => {
  const samples = [plain(64, 64), plain(300, 20), plain(20, 300), plain(1, 1), plain(640, 480)].map((image) => ({
    image,
    predicted: NOTHING,
  }));
  assert.is(sampleSheet(samples, { columns: 2, side: 100 }).width, 18 + 2 * 118);
  assert.is(sampleSheet(samples.slice(0, 1), { columns: 2, side: 100 }).width, 18 + 118, 'no empty columns');
  const [one, three] = [samples.slice(0, 2), samples].map(
    (list) => sampleSheet(list, { columns: 2, side: 100 }).height,
  );
  assert.ok(three! > 2.5 * one!);
});

test('a model that writes nothing, or without end', () => {
  const empty = sampleSheet([{ image: plain(9, 9), predicted: { text: ' ', entities: [] } }]);
  const long = sampleSheet([{ image: plain(9, 9), predicted: { text: 'word '.repeat(500), entities: [] } }]);
  assert.ok(count(empty, [28, 30, 34]) > 0, 'it says that there is nothing');
  assert.is(long.height - empty.height, 4 * 23, 'five lines at most');
  assert.throws(() => sampleSheet([]), /there are no samples/);
});

test('captions break between words and end in "…" where there is no more room', () => {
  const words = layOutCaption(CIRCLE, 120, 9);
  assert.equal(
    words.map(({ text, entity }) => [text, entity]),
    [
      ['a', 0],
      ['red', 0],
      ['circle', 0],
      [',', null],
      ['a', 1],
      ['square', 1],
    ],
  );
  assert.ok(words.every(({ left, width }) => left + width <= 120));
  assert.is(words[3]!.left, words[2]!.left + words[2]!.width, 'the comma sticks to its word');
  assert.is(lineCount(words), 2);
  const cut = layOutCaption({ text: 'one two three four five six seven', entities: [] }, 70, 2);
  assert.is(lineCount(cut), 2);
  assert.ok(cut.at(-1)!.text.endsWith('…') && cut.every(({ left, width }) => left + width <= 70));
  const [giant] = layOutCaption({ text: 'x'.repeat(99), entities: [] }, 70, 2);
  assert.match(giant!.text, /^x+…$/);
  assert.equal(layOutCaption({ text: '', entities: [] }, 70, 2), []);
});

test('spans count code points', () => {
  const text = '🐶 a dog';
  const words = layOutCaption({ text, entities: [{ text: 'a dog', span: [2, 7], boxes: [] }] }, 500, 1);
  assert.equal(
    words.map(({ entity }) => entity),
    [null, 0, 0],
  );
});

test('a text is cut to its room', () => {
  assert.is(fitText('short', 10, 200), 'short');
  const cut = fitText('a text that is longer', 10, 80);
  assert.ok(cut.endsWith('…') && textWidth(cut, 10) <= 80 && textWidth(cut, 10) > 60);
  assert.is(fitText('word', 10, 3), '');
});

test.run();
