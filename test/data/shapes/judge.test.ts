import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boxToTrainingPatches, patchesToBox } from '../../../data/grounding.ts';
import { judgeCaption, objectAt, phraseIsTrue } from '../../../data/shapes/judge.ts';
import { parsePhrase } from '../../../data/shapes/phrase-parser.ts';
import { boxOf, makeScene, type Scene, type SceneObject } from '../../../data/shapes/scene.ts';

function object(traits: Pick<SceneObject, 'size' | 'color' | 'shape'> & Partial<SceneObject>): SceneObject {
  return { texture: 'plain', x: 0, y: 0, side: traits.size === 'small' ? 64 : 100, rgb: [0, 0, 0], ...traits };
}

const left = object({ size: 'small', color: 'red', shape: 'star', x: 0, y: 20 });
const right = object({ size: 'small', color: 'red', shape: 'star', x: 180, y: 60 });
const ring = object({ size: 'large', color: 'blue', shape: 'ring', texture: 'striped', x: 76, y: 140 });
const scene: Scene = {
  ...({ seed: 0, split: 'test', index: 0 } as const),
  background: { tone: 'black', pattern: 'plain', rgb: [0, 0, 0], contrast: 0, grain: 0 },
  objects: [ring, left, right],
};

const isTrue = (phrase: string, ...objects: SceneObject[]) => phraseIsTrue(scene, phrase, objects.map(boxOf));

test('phrases that are true of their boxes', () => {
  for (const phrase of [
    'a red star',
    'A small star',
    'an object',
    'the star left of the ring',
    'the leftmost red star',
  ])
    assert.ok(isTrue(phrase, left), phrase);
  for (const phrase of ['a large striped blue ring', 'the ring', 'the blue object', 'a ring below the leftmost star'])
    assert.ok(isTrue(phrase, ring), phrase);
  assert.ok(isTrue('a ring to the right of a star', ring));
  assert.ok(isTrue('a ring below two red stars', ring));
  assert.ok(isTrue('two small red stars', left, right));
  assert.ok(isTrue('two red stars above the ring', right, left));
  assert.ok(isTrue('three objects', right, left, ring));
});

test('wrong words', () => {
  const wrong = [
    'a blue star',
    'a red ring',
    'a large red star',
    'a striped star',
    'the rightmost star',
    'a plain ring',
  ];
  for (const phrase of [...wrong, 'the star right of the ring', 'a star below the ring', 'a star left of the square'])
    assert.not.ok(isTrue(phrase, left), phrase);
});

test('the star is not said of one of two', () => {
  assert.not.ok(isTrue('the star', left));
  assert.not.ok(isTrue('the ring below the star', ring));
  assert.not.ok(isTrue('the topmost ring left of the star', ring));
});

test('wrong boxes and wrong counts', () => {
  assert.not.ok(isTrue('a red star', ring));
  assert.not.ok(isTrue('a red star'));
  assert.not.ok(isTrue('a red star', left, right));
  assert.not.ok(isTrue('two red stars', left));
  assert.not.ok(isTrue('two red stars', left, left));
  assert.not.ok(isTrue('two red stars', left, ring));
  assert.not.ok(isTrue('three red stars', left, right, ring));
  assert.not.ok(phraseIsTrue(scene, 'a red star', [[0.1, 0.2, 0.35, 0.45]]));
  assert.not.ok(phraseIsTrue(scene, 'a red star', [[0.5, 0.5, 0.5, 0.5]]));
});

test('what is no phrase of this world is not true', () => {
  const broken = [
    '',
    'star',
    'red star',
    'a stars',
    'two star',
    'a red',
    'the star left',
    'the star left of',
    'zero stars',
  ];
  for (const phrase of [...broken, 'a leftmost star', 'a red dog', 'the star next to the ring', 'a star of the ring'])
    assert.is(parsePhrase(phrase), null, phrase);
});

test('boxes that went through location tokens still mean their objects', () => {
  for (let index = 0; index < 1000; index++) {
    const drawn = makeScene({ seed: 1, split: 'train', index });
    for (const one of drawn.objects) {
      const box = patchesToBox(boxToTrainingPatches(boxOf(one), 16), 16);
      assert.is(objectAt(drawn, box), one);
    }
  }
});

test('a caption is true when it has phrases and all are', () => {
  const said = (text: string, ...objects: SceneObject[]) => ({ text, boxes: objects.map(boxOf) });
  const stars = said('two red stars', left, right);
  assert.equal(judgeCaption(scene, [stars, said('a blue ring', ring)]), {
    phrases: 2,
    truePhrases: 2,
    isTrue: true,
    objects: 3,
    foundObjects: 3,
  });
  assert.equal(judgeCaption(scene, [stars, said('a red ring', ring)]), {
    phrases: 2,
    truePhrases: 1,
    isTrue: false,
    objects: 3,
    foundObjects: 2,
  });
  assert.is(judgeCaption(scene, []).isTrue, false);
});

test.run();
