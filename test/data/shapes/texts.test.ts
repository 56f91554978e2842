import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Entity, postProcessGeneration } from '../../../data/grounding.ts';
import { Random } from '../../../data/random.ts';
import {
  COLORS,
  type Color,
  type Relation,
  SHAPES,
  type Shape,
  SIZES,
  TEXTURES,
} from '../../../data/shapes/attributes.ts';
import { type PhrasedText, taggedText } from '../../../data/shapes/caption-text.ts';
import { brieflyCaptioned, captionedInDetail } from '../../../data/shapes/captions.ts';
import { allExpressions, expressionFor, expressionText } from '../../../data/shapes/expressions.ts';
import { isHeldOut, isNovelPair } from '../../../data/shapes/holdout.ts';
import { matchingObjects, phraseIsTrue } from '../../../data/shapes/judge.ts';
import { parsePhrase } from '../../../data/shapes/phrase-parser.ts';
import { plainTextLines } from '../../../data/shapes/plain-text.ts';
import { QUESTION_TYPES, type Question, questionAbout } from '../../../data/shapes/questions.ts';
import { regionDescription } from '../../../data/shapes/referring.ts';
import { boxOf, makeScene, type Scene, SPLITS, type Split } from '../../../data/shapes/scene.ts';
import { makePictureText, TEXT_KINDS, wholeText } from '../../../data/shapes/texts.ts';

const RELATIONS = /\b(left of|right of|above|below)\b/;

function* drawn(split: Split, count: number): Generator<[Scene, Random]> {
  for (let index = 0; index < count; index++)
    yield [makeScene({ seed: 2, split, index }), new Random(2, [100, index, SPLITS.indexOf(split)])];
}

test('expressions are true and unique, by a judge that does not know how they were made', () => {
  for (const split of ['train', 'novel'] as const) {
    for (const [scene, random] of drawn(split, 2000)) {
      for (const object of scene.objects) {
        const drawnOne = expressionFor(scene, object, random);
        for (const expression of [...allExpressions(scene, object), ...(drawnOne ? [drawnOne] : [])]) {
          const text = expressionText(expression);
          assert.equal(matchingObjects(scene, parsePhrase(text)!), [object], text);
          assert.ok(phraseIsTrue(scene, text, [boxOf(object)]), text);
        }
        assert.ok(phraseIsTrue(scene, regionDescription(scene, object), [boxOf(object)]));
      }
    }
  }
});

test('every phrase of a caption is true, and together they name every object, but where one is about a relation', () => {
  const phrasesOf = ({ text, phrases }: PhrasedText): Entity[] =>
    phrases.map(({ span, boxes }) => ({ text: text.slice(...span), span: [...span], boxes: [...boxes] }));
  for (const [scene, random] of drawn('train', 1000)) {
    for (const caption of [brieflyCaptioned(scene, random), captionedInDetail(scene)]) {
      const entities = phrasesOf(caption);
      for (const { text, boxes } of entities) assert.ok(phraseIsTrue(scene, text, boxes), caption.text);
      const named = entities.flatMap(({ boxes }) => boxes.map(String));
      const relational = RELATIONS.test(caption.text) && !caption.text.includes('background');
      assert.is(new Set(named).size, relational ? 2 : scene.objects.length, caption.text);
    }
  }
});

test('tagged captions are read back as their text, phrases and spans', () => {
  for (const [scene, random] of drawn('train', 300)) {
    const caption = brieflyCaptioned(scene, random);
    // decoded ids have no spaces around tags
    const tagged = taggedText(caption, 16).replaceAll('> <', '><').replaceAll(' </', '</');
    const { text, entities } = postProcessGeneration(tagged.replace(/(?<=<object>) | (?=<object>)/g, ''), {
      gridSize: 16,
    });
    assert.is(text, caption.text);
    assert.equal(
      entities.map(({ span }) => span),
      caption.phrases.map(({ span }) => span),
    );
    for (const { text: phrase, span } of entities) assert.is(text.slice(...span), phrase);
  }
});

test('what training never sees is in no text', () => {
  for (const split of ['train', 'validation', 'test'] as const) {
    for (const [scene, random] of drawn(split, split === 'train' ? 5000 : 500)) {
      const pictureTexts = TEXT_KINDS.map((kind) => makePictureText(scene, kind, random, 16));
      const texts = pictureTexts.flatMap((text) => (text ? [wholeText(text)] : []));
      for (const text of [...texts, ...plainTextLines(scene, random)]) checkNothingHeldOut(scene, text);
    }
  }
});

const NOUN_PHRASE = `(?:an?|the) (?:(?:${[...SIZES, ...TEXTURES, ...COLORS].join('|')}) )*(?:${[...SHAPES, 'object'].join('|')})`;
const RELATION = '(?:left of|right of|above|below)';
const NAMED_PAIR = new RegExp(`(${COLORS.join('|')}) (${SHAPES.join('|')})(?:e?s)?\\b`, 'g');
const STATED = new RegExp(`(${NOUN_PHRASE}|What)(?: is)?(?: to the)? (${RELATION} ${NOUN_PHRASE})`, 'gi');
const ASKED = new RegExp(`Is (${NOUN_PHRASE}) (${RELATION}) `, 'g');

/** Looks at each relation that a text speaks of, and at which objects are meant by it. */
function checkNothingHeldOut(scene: Scene, tagged: string): void {
  const text = tagged.replace(/<[^<>]*>/g, ' ').replace(/\s+/g, ' ');
  for (const [, color, shape] of text.matchAll(NAMED_PAIR)) {
    assert.not.ok(isNovelPair({ color: color as Color, shape: shape as Shape }), text);
  }
  const check = (phrase: string, relation: string) => {
    for (const object of matchingObjects(scene, parsePhrase(phrase)!))
      assert.not.ok(isHeldOut(object, relation as Relation), text);
  };
  // what is true, and what is asked and may be false
  for (const [, subject, rest] of text.matchAll(STATED)) {
    if (subject === 'What' && !rest.includes(' the ')) continue;
    const relation = new RegExp(RELATION).exec(rest)![0];
    check(`${subject === 'What' ? 'an object' : subject.toLowerCase()} ${rest}`.replace(/^the/, 'a'), relation);
  }
  for (const [, subject, relation] of text.matchAll(ASKED)) check(subject, relation);
}

test('questions of each type come, and their answers are right', () => {
  const answers = new Map<string, Map<string, number>>();
  for (const [scene, random] of drawn('train', 3000)) {
    for (const type of QUESTION_TYPES) {
      const asked = questionAbout(scene, random.pick(scene.objects), type, random);
      if (!asked) continue;
      checkAnswer(scene, asked);
      const counts = answers.get(type) ?? answers.set(type, new Map()).get(type)!;
      counts.set(asked.answer, (counts.get(asked.answer) ?? 0) + 1);
    }
  }
  const share = (type: string, answer: string) => {
    const counts = answers.get(type)!;
    return counts.get(answer)! / [...counts.values()].reduce((sum, count) => sum + count, 0);
  };
  assert.ok(Math.abs(share('yes-no', 'yes') - 0.5) < 0.03);
  assert.ok(share('count', 'one') < 0.5 && share('count', 'two') > 0.2 && share('count', 'zero') < 0.2);
  for (const color of ['red', 'white']) assert.ok(Math.abs(share('colour', color) - 1 / 7) < 0.04);
});

const NUMBERS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six'];

/** Answers the question anew, from its words. */
function checkAnswer(scene: Scene, { question, answer, type }: Question): void {
  const meant = (phrase: string) => matchingObjects(scene, parsePhrase(phrase)!);
  const ask = (pattern: RegExp) => pattern.exec(question)?.slice(1);
  const label = `${question} ${answer}`;
  if (type === 'colour') {
    const [phrase] = ask(/colour is (.*)\?/)!;
    assert.equal(
      meant(phrase).map(({ color }) => color),
      [answer],
      label,
    );
  } else if (type === 'count') {
    const [noun] = ask(/^How many (.*?)s are there\?$/)!;
    assert.is(NUMBERS[meant(`a ${noun.replace(/crosse$/, 'cross')}`).length], answer, label);
  } else if (type === 'what') {
    const [shaped] = ask(/^What shape is (.*)\?$/) ?? [];
    const [related] = ask(/^What is (.*)\?$/) ?? [];
    const objects = shaped ? meant(shaped) : meant(`an object ${related}`);
    assert.is(objects.length, 1, label);
    if (shaped) assert.is(objects[0].shape, answer, label);
    else assert.ok(phraseIsTrue(scene, answer, [boxOf(objects[0])]), label);
  } else if (type === 'where') {
    const [object] = meant(ask(/^Where is (.*)\?$/)![0]);
    const [x1, y1, x2, y2] = boxOf(object);
    const [across, down] = [Math.floor(((x1 + x2) / 2) * 3), Math.floor(((y1 + y2) / 2) * 3)];
    const place = `in the ${['upper', 'middle', 'lower'][down]} ${['left', 'middle', 'right'][across]}`;
    assert.is(answer, place.replace('middle middle', 'centre'), label);
  } else {
    assert.is(answerYesNo(question, meant), answer, label);
  }
}

function answerYesNo(
  question: string,
  meant: (phrase: string) => readonly { color: string; texture: string }[],
): string {
  const existence = /^Is there (.*)\?$/.exec(question);
  const relation = /^Is (the .*?) ((?:left of|right of|above|below) .*)\?$/.exec(question);
  const trait = /^Is (the .*) (\w+)\?$/.exec(question);
  if (existence) return meant(existence[1]).length > 0 ? 'yes' : 'no';
  if (relation) return meant(`${relation[1]} ${relation[2]}`).length === 1 ? 'yes' : 'no';
  const [object] = meant(trait![1]);
  return [object.color, object.texture].includes(trait![2]) ? 'yes' : 'no';
}

test.run();
