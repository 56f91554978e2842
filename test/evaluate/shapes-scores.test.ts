/** Scores of the shapes world: of answers that are right, partly right and wrong. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Box, type ShapesTask, shapesEvaluation } from '../../data/index.ts';
import { SHAPES_SCORERS, type ShapesAnswer } from '../../evaluate/shapes/scores.ts';

const COUNT = 40;
const AWAY: Box = [0, 0, 0.02, 0.02];

function items<Task extends ShapesTask>(task: Task) {
  return shapesEvaluation({ seed: 5, split: 'test', count: COUNT, task });
}

function found(text: string, boxes: readonly Box[]): ShapesAnswer {
  return { answer: '', entities: [{ text, boxes: [...boxes] }] };
}

test('grounding: the first box counts for R@1, every box for the objects', () => {
  const list = items('grounding');
  const score = (answer: (phrase: string, boxes: readonly Box[]) => ShapesAnswer) =>
    SHAPES_SCORERS.grounding(list.map((item) => ({ item, answer: answer(item.phrase, item.boxes) })));
  assert.equal(score(found), { recallAt1: 1, objectRecall: 1, count: COUNT });
  assert.equal(score((phrase, boxes) => found(phrase, [AWAY, ...boxes])).recallAt1, 0);
  assert.equal(score((phrase, boxes) => found(phrase, [AWAY, ...boxes])).objectRecall, 1);
  const objects = list.reduce((sum, { boxes }) => sum + boxes.length, 0);
  assert.ok(objects > COUNT, 'some phrases mean several objects');
  assert.is(score((phrase, boxes) => found(phrase, boxes.slice(-1))).objectRecall, COUNT / objects);
  assert.is(score((_, boxes) => found('something else', boxes)).recallAt1, 0);
  assert.is(score(() => ({ answer: '', entities: [] })).recallAt1, 0);
});

test('comprehension: by kind', () => {
  const list = items('comprehension');
  const scores = SHAPES_SCORERS.comprehension(
    list.map((item) => ({
      item,
      answer: found(item.phrase, item.expressionKind === 'relation' ? [AWAY, ...item.boxes] : item.boxes),
    })),
  );
  const { attributes, relation } = scores.byKind;
  assert.equal([attributes.share, relation.share], [1, 0]);
  assert.is(
    Object.values(scores.byKind).reduce((sum, { count }) => sum + count, 0),
    COUNT,
  );
  assert.is(scores.accuracy, 1 - relation.count / COUNT);
  assert.equal(scores.byNovelty, {});
});

test('questions: capitals and a final full stop do not count, other words do', () => {
  const list = items('questions');
  const share = (write: (answer: string) => string) =>
    SHAPES_SCORERS.questions(list.map((item) => ({ item, answer: { answer: write(item.answer), entities: [] } })));
  assert.is(share((answer) => ` ${answer.toUpperCase()}. `).accuracy, 1);
  assert.is(share((answer) => `${answer} it is`).accuracy, 0);
  assert.equal(
    Object.values(share((answer) => answer).byType).map(({ share, count }) => [share, count]),
    Array.from({ length: 5 }, () => [1, COUNT / 5]),
  );
});

test('captions: phrases, captions and objects', () => {
  const list = items('captions');
  const nothing = SHAPES_SCORERS.captions(list.map((item) => ({ item, answer: { answer: '', entities: [] } })));
  assert.equal(nothing, { allTrue: 0, truePhrases: 0, coveredObjects: 0, phrases: 0, count: COUNT });
  const grounded = shapesEvaluation({ seed: 5, split: 'test', count: COUNT, task: 'grounding' });
  const pairs = list.map((item) => {
    const { phrase, boxes } = grounded.find(({ id }) => id === item.id)!;
    return { item, phrase, boxes };
  });
  const right = SHAPES_SCORERS.captions(
    pairs.map(({ item, phrase, boxes }) => ({ item, answer: found(phrase, boxes) })),
  );
  const objects = list.reduce((sum, { scene }) => sum + scene.objects.length, 0);
  const named = pairs.reduce((sum, { boxes }) => sum + boxes.length, 0);
  assert.equal(right, { allTrue: 1, truePhrases: 1, coveredObjects: named / objects, phrases: COUNT, count: COUNT });
  const half = SHAPES_SCORERS.captions(
    pairs.map(({ item, phrase, boxes }) => ({
      item,
      answer: { answer: '', entities: [...found(phrase, boxes).entities, { text: 'a dog', boxes: [AWAY] }] },
    })),
  );
  assert.equal([half.allTrue, half.truePhrases, half.coveredObjects], [0, 0.5, right.coveredObjects]);
});

test.run();
