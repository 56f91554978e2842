/** Colours and shapes learned apart: repainted and reshaped pictures, and what counts in them and in the others. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../../data/random.ts';
import { COLORS, plural, SHAPES } from '../../../data/shapes/attributes.ts';
import { OUTLINES, type Outline } from '../../../data/shapes/outlines.ts';
import { repaint } from '../../../data/shapes/repaint.ts';
import { MADE_UP_NAMES, rename, reshape } from '../../../data/shapes/reshape.ts';
import { makeScene } from '../../../data/shapes/scene.ts';
import { openShapes } from '../../../data/shapes/stream.ts';
import { buildShapesTokenizer } from '../../../data/shapes/tokenizer-training.ts';
import { Tokenizer } from '../../../data/tokenizer.ts';
import { onlyKind } from './only-kind.ts';

const { tokenizerJson, tokenizerConfig } = buildShapesTokenizer({ gridSize: 16 });
const tokenizer = new Tokenizer(tokenizerJson, tokenizerConfig);
const options = { seed: 1, split: 'train', tokenizer, imageSize: 16, latents: 4, patchesPerSide: 4 } as const;
const idsOf = (words: readonly string[]) => words.map((word) => tokenizer.encode(word)[0]);
const colorIds = idsOf(COLORS);
const shapeIds = idsOf([...SHAPES, ...SHAPES.map(plural)]);

/** Which of 12 × 12 points an outline holds. */
function cells(outline: Outline): string {
  return Array.from({ length: 144 }, (_, at) =>
    Number(outline(((at % 12) + 0.5) / 12, (Math.floor(at / 12) + 0.5) / 12)),
  ).join('');
}

/** In degrees; null for tones without one. */
function hueOf([red, green, blue]: readonly number[]): number | null {
  const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)];
  if (most - least < 40) return null;
  const sector =
    most === red
      ? (green - blue) / (most - least)
      : most === green
        ? 2 + (blue - red) / (most - least)
        : 4 + (red - green) / (most - least);
  return (60 * sector + 360) % 360;
}

test('no colour of a repainted scene is near one that has a name; what had one colour has one again', () => {
  const named = new Map<string, number>();
  for (let index = 0; index < 200; index++) {
    for (const { color, rgb } of makeScene({ seed: 1, split: 'train', index }).objects) {
      const hue = hueOf(rgb);
      if (hue !== null && !named.has(color)) named.set(color, hue);
    }
  }
  assert.is(named.size, COLORS.length - 1, 'all but white');
  const apart = (a: number, b: number) => Math.min(Math.abs(a - b), 360 - Math.abs(a - b));
  for (let index = 0; index < 200; index++) {
    const scene = makeScene({ seed: 1, split: 'train', index });
    const painted = repaint(scene, new Random(1, [9, index, 0]));
    const ofColor = new Map<string, string>();
    for (const [i, { rgb, ...rest }] of painted.objects.entries()) {
      const { rgb: before, ...same } = scene.objects[i];
      assert.equal(rest, same);
      const hue = hueOf(rgb)!;
      for (const [color, other] of named)
        assert.ok(apart(hue, other) > 12, `${rgb} of ${hue} degrees is near ${color}, ${other}`);
      assert.ok(Math.max(...rgb) > 160 && rgb.every((value) => value >= 0 && value <= 255), `${rgb}`);
      assert.is(ofColor.get(rest.color) ?? rgb.join(), rgb.join());
      ofColor.set(rest.color, rgb.join());
      assert.not.equal(rgb, before);
    }
  }
});

test('words for colours count in ordinary pictures, words for shapes in repainted ones', async () => {
  const mix = { ...onlyKind('groundedCaption'), referring: 1 };
  const stream = openShapes({ ...options, mix, repainted: 0.5 });
  const plain = openShapes({ ...options, mix });
  let [painted, colorsRead, colorsChanged] = [0, 0, 0];
  for (let i = 0; i < 120; i++) {
    const [{ sequences, images }, before] = [await stream.next(), await plain.next()];
    const isPainted = images[0].data.some((value, at) => value !== before.images[0].data[at]);
    if (isPainted) painted++;
    for (const [j, { ids, readIds, lossMask }] of sequences.entries()) {
      const whole = before.sequences[j];
      assert.equal(ids, whole.ids);
      for (const [at, id] of ids.entries()) {
        if (at === 0 || whole.lossMask[at - 1] !== 1) {
          assert.is(readIds![at], id, 'what is given is read as it is');
          if (at > 0) assert.is(lossMask[at - 1], 0);
          continue;
        }
        const left = isPainted ? colorIds : shapeIds;
        assert.is(lossMask[at - 1], left.includes(id) ? 0 : 1, `${tokenizer.decode([id])}, repainted: ${isPainted}`);
        if (!isPainted || !colorIds.includes(id)) assert.is(readIds![at], id);
        else {
          colorsRead++;
          if (readIds![at] !== id) colorsChanged++;
        }
      }
    }
  }
  assert.ok(painted > 40 && painted < 80, `${painted} of 120`);
  assert.ok(Math.abs(colorsChanged / colorsRead - 6 / 7) < 0.1, 'any of the seven is read');
});

test('patches are named without what does not count', async () => {
  const stream = openShapes({ ...options, mix: onlyKind('patches'), repainted: 0.5 });
  const plain = openShapes({ ...options, mix: onlyKind('patches') });
  const seen = new Set<string>();
  for (let i = 0; i < 40; i++) {
    const [{ patchTokens, openTokens, images }, before] = [await stream.next(), await plain.next()];
    const isPainted = images[0].data.some((value, at) => value !== before.images[0].data[at]);
    seen.add(`${isPainted}`);
    const left = isPainted ? colorIds : shapeIds;
    assert.equal(
      patchTokens,
      before.patchTokens!.filter(({ id }) => !left.includes(id)),
    );
    assert.equal(openTokens, left);
    assert.equal(before.openTokens, []);
  }
  assert.is(seen.size, 2);
});

test("shapes may count everywhere, and then only colours of repainted pictures don't", async () => {
  const mix = onlyKind('groundedCaption');
  const stream = openShapes({ ...options, mix, repainted: 0.5, shapesEverywhere: true });
  const plain = openShapes({ ...options, mix });
  for (let i = 0; i < 40; i++) {
    const [{ sequences, images }, before] = [await stream.next(), await plain.next()];
    const isPainted = images[0].data.some((value, at) => value !== before.images[0].data[at]);
    for (const [j, { ids, lossMask }] of before.sequences.entries()) {
      const isLeft = (at: number) => isPainted && colorIds.includes(ids[at + 1]);
      assert.equal(
        sequences[j].lossMask,
        lossMask.map((mask, at) => (isLeft(at) ? 0 : mask)),
      );
    }
  }
});

test('prompts of repainted pictures speak of no colour, and answers that would not count are left out', async () => {
  const mix = { ...onlyKind('question'), comprehension: 0.2, grounding: 0.2 };
  const stream = openShapes({ ...options, mix, repainted: 0.5, textsPerImage: 4 });
  const plain = openShapes({ ...options, mix, textsPerImage: 4 });
  const questions = { what: 0, shape: 0, colour: 0 };
  let painted = 0;
  for (let i = 0; i < 150; i++) {
    const [{ sequences, images }, before] = [await stream.next(), await plain.next()];
    const isPainted = images[0].data.some((value, at) => value !== before.images[0].data[at]);
    if (isPainted) painted++;
    const left = isPainted ? colorIds : shapeIds;
    for (const { ids, lossMask } of sequences) {
      const predicted = ids.filter((_, at) => lossMask[at - 1] === 1);
      assert.ok(predicted.length > 1 && !predicted.some((id) => left.includes(id)));
      const text = tokenizer.decode(ids);
      const [prompt] = text.split('Answer:');
      if (isPainted && text.includes('Answer:'))
        assert.not.ok(
          COLORS.some((color) => prompt.includes(` ${color}`)),
          prompt,
        );
      if (text.includes('What is')) questions.what++;
      if (text.includes('What shape')) {
        assert.ok(isPainted, text);
        questions.shape++;
      }
      if (/(What|Which) colour/.test(text)) {
        assert.not.ok(isPainted, text);
        questions.colour++;
      }
    }
  }
  assert.ok(painted > 45 && painted < 90, `${painted} of 150`);
  assert.ok(
    Object.values(questions).every((count) => count > 2),
    JSON.stringify(questions),
  );
});

test('a picture keeps its colours where every text about it speaks of them', async () => {
  const stream = openShapes({ ...options, mix: onlyKind('grounding'), repainted: 0.9 });
  const plain = openShapes({ ...options, mix: onlyKind('grounding') });
  for (let i = 0; i < 10; i++) assert.equal((await stream.next()).images, (await plain.next()).images);
});

test('shapes of a reshaped scene are none that has a name, fill their boxes, and are alike where they were alike', () => {
  const named = SHAPES.map((shape) => cells(OUTLINES[shape]));
  const seen = new Set<string>();
  for (let index = 0; index < 100; index++) {
    const scene = makeScene({ seed: 1, split: 'train', index });
    const shown = reshape(scene, new Random(1, [9, index, 0]));
    const ofShape = new Map<string, unknown>();
    for (const [i, { outline, ...rest }] of shown.objects.entries()) {
      assert.equal(rest, scene.objects[i]);
      const own = cells(outline!);
      seen.add(own);
      for (const other of named) assert.ok([...own].filter((cell, at) => cell !== other[at]).length > 15);
      for (const side of [0, 1]) {
        const along = Array.from({ length: 101 }, (_, at) => at / 100);
        assert.ok(
          along.some((at) => outline!(side, at)) && along.some((at) => outline!(at, side)),
          'touches all sides',
        );
      }
      assert.is(ofShape.get(rest.shape) ?? outline, outline);
      ofShape.set(rest.shape, outline);
    }
    assert.is(new Set(ofShape.values()).size, ofShape.size, 'different shapes stay different');
  }
  assert.is(seen.size, 6);
});

test('words for shapes do not count in reshaped pictures, are read as any of their kind, and no prompt has them', async () => {
  const mix = { ...onlyKind('groundedCaption'), question: 1, comprehension: 1 };
  const stream = openShapes({ ...options, mix, reshaped: 0.5 });
  const plain = openShapes({ ...options, mix });
  let [reshaped, changed] = [0, 0];
  for (let i = 0; i < 120; i++) {
    const [{ sequences, images }, before] = [await stream.next(), await plain.next()];
    const isReshaped = images[0].data.some((value, at) => value !== before.images[0].data[at]);
    if (!isReshaped) assert.equal(sequences, before.sequences);
    else reshaped++;
    for (const { ids, readIds = ids, lossMask } of isReshaped ? sequences : []) {
      // a row about a picture is a prompt and then a response
      const response = lossMask.indexOf(1) + 1;
      for (const [at, id] of ids.entries()) {
        if (!shapeIds.includes(id)) {
          assert.is(readIds[at], id);
          continue;
        }
        assert.is(lossMask[at - 1], 0);
        assert.ok(shapeIds.includes(readIds[at]));
        if (readIds[at] !== id) changed++;
        if (!tokenizer.decode(ids).includes('An image of')) assert.ok(at >= response, tokenizer.decode(ids));
      }
    }
  }
  assert.ok(reshaped > 40 && reshaped < 80, `${reshaped} of 120`);
  assert.ok(changed > 20, `${changed}`);
});

test('shapes with made-up names look the same wherever a name is used, and like no other', () => {
  const looks = new Map<string, string>();
  for (let index = 0; index < 100; index++) {
    const scene = makeScene({ seed: 1, split: 'train', index });
    const { scene: shown, names } = rename(scene, new Random(1, [9, index, 0]));
    assert.equal([...names.values()].sort(), [...MADE_UP_NAMES]);
    for (const [i, { outline, ...rest }] of shown.objects.entries()) {
      assert.equal(rest, scene.objects[i]);
      const name = names.get(rest.shape)!;
      assert.is(looks.get(name) ?? cells(outline!), cells(outline!));
      looks.set(name, cells(outline!));
    }
  }
  const all = [...looks.values(), ...SHAPES.map((shape) => cells(OUTLINES[shape]))];
  assert.is(looks.size, SHAPES.length);
  for (const [i, own] of all.entries())
    for (const other of all.slice(0, i)) assert.ok([...own].filter((cell, at) => cell !== other[at]).length > 15);
});

test('texts about renamed pictures are the same with other names, and all of it counts', async () => {
  const mix = { ...onlyKind('groundedCaption'), question: 1, comprehension: 1 };
  const stream = openShapes({ ...options, mix, renamed: 0.5 });
  const plain = openShapes({ ...options, mix });
  const letters = MADE_UP_NAMES.map((name) => tokenizer.tokenToId(name)!);
  let renamed = 0;
  for (let i = 0; i < 120; i++) {
    const [{ sequences, images }, before] = [await stream.next(), await plain.next()];
    const isRenamed = images[0].data.some((value, at) => value !== before.images[0].data[at]);
    if (isRenamed) renamed++;
    for (const [j, { ids, lossMask }] of sequences.entries()) {
      const whole = before.sequences[j];
      assert.equal(lossMask, whole.lossMask);
      if (!isRenamed) assert.equal(ids, whole.ids);
      for (const [at, id] of ids.entries()) {
        if (letters.includes(id)) assert.ok(isRenamed && shapeIds.includes(whole.ids[at]));
        else assert.is(id, whole.ids[at]);
      }
      assert.not.ok(isRenamed && ids.some((id) => shapeIds.includes(id)));
    }
  }
  assert.ok(renamed > 40 && renamed < 80, `${renamed} of 120`);
});

test('patches of renamed pictures bear the made-up names, and nothing is left open', async () => {
  const stream = openShapes({ ...options, mix: onlyKind('patches'), renamed: 0.9 });
  const letters = MADE_UP_NAMES.map((name) => tokenizer.tokenToId(name)!);
  let named = 0;
  for (let i = 0; i < 20; i++) {
    const { patchTokens, openTokens } = await stream.next();
    const has = (ids: readonly number[]) => patchTokens!.some(({ id }) => ids.includes(id));
    assert.equal(openTokens, []);
    assert.not.ok(has(letters) && has(shapeIds));
    if (has(letters)) named++;
  }
  assert.ok(named >= 12, `${named} of 20`);
});

test('documents are refused, and shares that are none', () => {
  const mix = { ...onlyKind('caption'), interleaved: 1 };
  assert.throws(
    () => openShapes({ ...options, mix, repainted: 0.5 }),
    'shapes: repainted, reshaped and renamed are not for the kind interleaved, where a caption is the prompt of the next',
  );
  assert.throws(
    () => openShapes({ ...options, mix: onlyKind('caption'), repainted: 1 }),
    'shapes: repainted must be a number ≥ 0 and < 1, not 1',
  );
  assert.throws(
    () => openShapes({ ...options, mix: onlyKind('caption'), repainted: 0.5, reshaped: 0.5 }),
    'shapes: repainted + reshaped + renamed must be a number ≥ 0 and < 1, not 1',
  );
});

test.run();
