import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entityColor, inkOn } from '../../data/image/draw/colors.ts';
import { rasterizeText, textWidth } from '../../data/image/draw/font.ts';
import { GLYPHS } from '../../data/image/draw/glyphs.ts';
import { overlap, placeTag } from '../../data/image/draw/place.ts';
import {
  decodeImage,
  drawBoxes,
  encodePng,
  type LabeledBoxes,
  type Rectangle,
  type RgbImage,
} from '../../data/image/index.ts';

function plain(width: number, height: number, value = 90): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3).fill(value) };
}

function pixel(image: RgbImage, x: number, y: number): number[] {
  return Array.from(image.data.subarray((y * image.width + x) * 3, (y * image.width + x) * 3 + 3));
}

function sameInk(a: string, b: string): boolean {
  const [first, second] = [rasterizeText(a, 14), rasterizeText(b, 14)];
  return first.width === second.width && first.coverage.every((value, i) => value === second.coverage[i]);
}

const PRINTABLE_ASCII = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
const LATIN1_LETTERS = Array.from({ length: 64 }, (_, i) => String.fromCharCode(0xc0 + i)).filter(
  (c) => !'×÷'.includes(c),
);

test('every printable ASCII character and Latin-1 letter has a glyph of its own', () => {
  const pictures = new Map<string, string>();
  for (const character of [...PRINTABLE_ASCII, ...LATIN1_LETTERS]) {
    assert.not.ok(sameInk(character, '漢'), `${character} is drawn as a box`);
    const { width, coverage } = rasterizeText(character, 14);
    const picture = `${width}:${coverage.join()}`;
    assert.is(pictures.get(picture), undefined, `${character} looks like ${pictures.get(picture)}`);
    pictures.set(picture, character);
  }
});

test('other characters are drawn as a box', () => {
  assert.ok(sameInk('Ж', '漢'));
  assert.ok(rasterizeText('漢', 14).coverage.some((ink) => ink === 1));
});

test('accents are found whether composed or not', () => {
  assert.ok(sameInk('é', 'e\u0301'));
  assert.not.ok(sameInk('é', 'e'));
  assert.not.ok(sameInk('É', 'È'));
});

test('no ink reaches the rim of a text, at the sizes in use', () => {
  const all = [...Object.keys(GLYPHS), ...LATIN1_LETTERS].join('');
  for (const size of [12, 16, 25, 40]) {
    const { width, height, coverage } = rasterizeText(all, size);
    assert.is(width, textWidth(all, size));
    const inkIn = (row: number) => coverage.subarray(row * width, (row + 1) * width).some((ink) => ink > 0);
    assert.not.ok(inkIn(0), `top row at size ${size}`);
    assert.not.ok(inkIn(height - 1), `bottom row at size ${size}`);
    assert.not.ok(coverage.some((ink, i) => (i % width === 0 || i % width === width - 1) && ink > 0.5));
  }
});

test('colours of neighbouring entities are easy to tell apart, and text on them can be read', () => {
  const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
  const luminance = (color: readonly number[]) =>
    [0.2126, 0.7152, 0.0722].reduce((sum, share, i) => sum + share * (color[i] / 255) ** 2.2, 0);
  for (let i = 0; i < 40; i++) {
    assert.ok(entityColor(i).every((value) => Number.isInteger(value) && value >= 0 && value <= 255));
    assert.ok(distance(entityColor(i), entityColor(i + 1)) > 90, `colours ${i} and ${i + 1}`);
    const [dark, light] = [luminance(entityColor(i)), luminance(inkOn(entityColor(i)))].sort((a, b) => a - b);
    assert.ok((light + 0.05) / (dark + 0.05) >= 3, `ink on colour ${i}`);
  }
  const palette = Array.from({ length: 12 }, (_, i) => entityColor(i));
  for (const [i, color] of palette.entries()) {
    for (const other of palette.slice(i + 1)) assert.ok(distance(color, other) > 60, `${color} and ${other}`);
  }
});

test('tags stay inside the picture and apart from each other while there is room', () => {
  const picture = { width: 640, height: 480 };
  const placed: Rectangle[] = [];
  for (let i = 0; i < 30; i++) {
    const box = {
      left: (i * 97) % 560,
      top: (i * 53) % 420,
      width: 20 + ((i * 31) % 60),
      height: 10 + ((i * 17) % 50),
    };
    const tag = placeTag({ width: 60 + ((i * 41) % 80), height: 20 }, box, picture, placed);
    assert.ok(tag.left >= 0 && tag.top >= 0 && tag.left + tag.width <= 640 && tag.top + tag.height <= 480);
    for (const other of placed) assert.is(overlap(tag, other), 0);
    placed.push(tag);
  }
});

test('equal boxes get their tags one beside the other', () => {
  const box = { left: 100, top: 100, width: 50, height: 50 };
  const placed: Rectangle[] = [];
  for (let i = 0; i < 8; i++)
    placed.push(placeTag({ width: 80, height: 20 }, box, { width: 400, height: 300 }, placed));
  for (const [i, tag] of placed.entries()) {
    for (const other of placed.slice(i + 1)) assert.is(overlap(tag, other), 0);
  }
});

test('a box is drawn where it belongs, in the colour of its entity, on a copy', () => {
  const image = plain(800, 400);
  const before = image.data.slice();
  const result = drawBoxes(image, [
    { label: '', boxes: [[0.25, 0.25, 0.5, 0.75]] },
    { label: '', boxes: [[0.6, 0, 1.5, 1]] },
  ]);
  assert.equal(image.data, before);
  assert.equal([result.width, result.height], [800, 400]);
  for (const [x, y] of [
    [200, 200],
    [399, 200],
    [300, 100],
    [300, 299],
  ]) {
    assert.equal(pixel(result, x, y), entityColor(0), `(${x}, ${y})`);
  }
  assert.equal(pixel(result, 799, 399), entityColor(1));
  assert.equal(pixel(result, 300, 200), [90, 90, 90]);
  assert.equal(pixel(result, 100, 200), [90, 90, 90]);
});

test('a label is drawn in its own place and nowhere else', () => {
  const boxes: LabeledBoxes['boxes'] = [[0.25, 0.25, 0.5, 0.75]];
  const without = drawBoxes(plain(800, 400), [{ label: '', boxes }]);
  const result = drawBoxes(plain(800, 400), [{ label: 'a dog', boxes }]);
  const changed = Array.from({ length: 800 * 400 }, (_, i) => i).filter((i) =>
    [0, 1, 2].some((c) => result.data[3 * i + c] !== without.data[3 * i + c]),
  );
  assert.ok(changed.length > 500);
  assert.ok(changed.every((i) => i % 800 >= 200 && i % 800 < 320 && i / 800 >= 50 && i / 800 < 101));
  assert.ok(changed.some((i) => result.data[3 * i] === 255 && result.data[3 * i + 1] === 255));
});

test('the same input gives the same bytes', () => {
  const entities: LabeledBoxes[] = [
    { label: 'zwei Äpfel', boxes: [[0.1, 0.1, 0.4, 0.4]] },
    {
      label: 'and a very long label '.repeat(20),
      boxes: [
        [0, 0, 1, 1],
        [0.5, 0.5, 0.5, 0.5],
      ],
    },
  ];
  assert.equal(drawBoxes(plain(300, 200), entities), drawBoxes(plain(300, 200), entities));
});

test('small pictures are enlarged, large ones are not; any shape is drawn', () => {
  for (const [width, height, newWidth, newHeight] of [
    [224, 224, 640, 640],
    [1, 1, 640, 640],
    [1, 300, 5, 1600],
    [320, 80, 800, 200],
    [900, 700, 900, 700],
    [3000, 1, 3000, 1],
  ]) {
    const result = drawBoxes(plain(width, height), [{ label: 'thing', boxes: [[0, 0, 1, 1]] }]);
    assert.equal([result.width, result.height], [newWidth, newHeight]);
  }
});

test('boxes that are none are refused', () => {
  const draw = (...box: number[]) =>
    drawBoxes(plain(9, 9), [{ label: 'x', boxes: [box as [number, number, number, number]] }]);
  assert.throws(() => draw(0.5, 0, 0.4, 1), /\[0.5, 0, 0.4, 1\] of "x"/);
  assert.throws(() => draw(0, 0, Number.NaN, 1), /drawBoxes/);
  assert.throws(() => draw(0, 0, 1), /drawBoxes/);
});

test('an encoded PNG decodes to the same pixels', async () => {
  const image = drawBoxes(plain(40, 30), [{ label: 'ünïcode', boxes: [[0.2, 0.2, 0.8, 0.8]] }]);
  const decoded = await decodeImage(encodePng(image));
  assert.equal({ width: decoded.width, height: decoded.height, data: decoded.data }, image);
  assert.equal([decoded.format, decoded.warnings], ['png', []]);
});

test.run();
