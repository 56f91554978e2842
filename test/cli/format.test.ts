/** Answers as JSON, lines and pictures; words and progress on one screen. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { drawnPicture, entityLines, jsonDocument, timingLine } from '../../cli/format.ts';
import { Progress } from '../../cli/progress.ts';
import { Words } from '../../cli/words.ts';
import { decodeImage, encodePng } from '../../data/index.ts';
import type { Answer } from '../../index.ts';

const answer: Answer = {
  prompt: '<grounding>An image of',
  inputIds: [0, 5],
  generatedIds: [7, 8, 9, 2],
  raw: 'An image of<phrase> a ☃</phrase>',
  text: 'An image of a ☃',
  entities: [
    { text: 'a ☃', span: [12, 15], boxes: [[0, 0.25, 0.5, 1]] },
    {
      text: 'a fire',
      span: [0, 0],
      boxes: [
        [0.1, 0.2, 0.3, 0.4],
        [0.5, 0.5, 1, 1],
      ],
    },
  ],
  stopped: 'end',
  warnings: [],
  timings: { prepare: 1.234, encode: 2, firstToken: 3, generate: 1000, total: 1006.234 },
};
const circumstances = { model: 'm', adapter: 'a card', out: 'x.png', loading: 12.345 };

test('the JSON document has the fields that programs lean on, on one line', () => {
  const text = jsonDocument(answer, circumstances);
  assert.is(text.indexOf('\n'), text.length - 1);
  const { warnings, ...fields } = answer;
  assert.equal(JSON.parse(text), {
    ...fields,
    model: 'm',
    adapter: 'a card',
    out: 'x.png',
    timings: { load: 12.3, prepare: 1.2, encode: 2, firstToken: 3, generate: 1000, total: 1006.2 },
  });
  assert.equal(warnings, []);
});

test('phrases stand in a column before their boxes, coloured only where asked', () => {
  assert.is(
    entityLines(answer.entities, false),
    '  a ☃     (0.000, 0.250)–(0.500, 1.000)\n  a fire  (0.100, 0.200)–(0.300, 0.400), (0.500, 0.500)–(1.000, 1.000)\n',
  );
  assert.ok(entityLines(answer.entities, true).startsWith('  \x1b[38;2;230;48;62ma ☃   \x1b[0m  (0'));
  assert.is(entityLines([], true), '');
});

test('the line of times counts tokens after the first', () => {
  assert.match(timingLine(answer, circumstances), /^a card: loading 0\.01 s.*, 4 tokens \(3\.0 a second\)\n$/);
});

test('boxes are drawn, also those with swapped corners', async () => {
  const image = {
    width: 64,
    height: 48,
    data: new Uint8Array(64 * 48 * 3).fill(90),
    format: 'png' as const,
    warnings: [],
  };
  const upright = [{ text: '', span: [0, 0] as [number, number], boxes: [[0.1, 0.2, 0.6, 0.9]] as const }];
  const swapped = [{ ...upright[0], boxes: [[0.6, 0.9, 0.1, 0.2]] as const }];
  const drawn = drawnPicture(image, [{ ...upright[0], boxes: [...upright[0].boxes] }]);
  assert.equal(drawnPicture(image, [{ ...swapped[0], boxes: [...swapped[0].boxes] }]), drawn);
  const { width } = await decodeImage(drawn);
  assert.is(width, 640);
  assert.not.equal(drawn, encodePng(image));
});

test('words wait for their release, without the space in front', () => {
  const written: string[] = [];
  const words = new Words({ write: (text) => written.push(text) });
  words.release();
  words.push('  An');
  words.push(' image');
  words.release();
  words.push(' of');
  words.release();
  words.release();
  assert.equal(written, ['An image', ' of']);
});

function progressWith(isTTY: boolean) {
  const written: string[] = [];
  let now = 0;
  const progress = new Progress({ write: (text) => written.push(text), isTTY, columns: 40 }, () => now);
  const at = (time: number) => {
    now = time;
    return progress;
  };
  return { written, at };
}

test('a terminal gets a bar, which goes away before other output', () => {
  const { written, at } = progressWith(true);
  at(0).report('loading', 0, 100);
  at(400).report('loading', 10, 100);
  assert.equal(written, [], 'short stages show nothing');
  at(600).report('loading', 50, 100);
  at(650).report('loading', 51, 100);
  assert.equal(written, [`\r${'█'.repeat(10)}${'░'.repeat(10)} loading 50 % (50 o\x1b[K`], 'not wider than the screen');
  at(700).clear();
  at(701).clear();
  assert.equal(written.slice(1), ['\r\x1b[K']);
});

test('a log gets a line every ten seconds', () => {
  const { written, at } = progressWith(false);
  for (let second = 0; second <= 25; second++) at(1000 * second).report('downloading', 1e8 * second, 2.5e9, 'bytes');
  at(26_000).clear();
  assert.equal(written, ['downloading 40 % (1.00 GB of 2.50 GB)\n', 'downloading 80 % (2.00 GB of 2.50 GB)\n']);
});

test.run();
