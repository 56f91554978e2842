/** The bookkeeping of beam search, on runs small enough to follow by hand: two beams, `</s>` is 9. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BeamSearch, type Candidate } from '../../model/beam-search.ts';

function search(options: { maxNewTokens?: number; lengthPenalty?: number; earlyStopping?: boolean } = {}): BeamSearch {
  return new BeamSearch({
    beams: 2,
    maxNewTokens: 3,
    eosTokenId: 9,
    lengthPenalty: 1,
    earlyStopping: false,
    ...options,
  });
}

const step = (...rows: [number, number, number][]): Candidate[] =>
  rows.map(([beam, token, score]) => ({ beam, token, score }));

const running = (beams: BeamSearch) => beams.running.map(({ ids, beam, score }) => [ids, beam, score]);

/** Three steps: `</s>` at rank 1 of the first is accepted, at rank 2 of the second it is lost, the third is the last. */
function threeSteps(beams: BeamSearch): BeamSearch {
  assert.equal(running(beams), [[[], 0, 0]]);
  beams.advance(step([0, 1, -1], [0, 9, -1.5], [0, 2, -2], [0, 3, -3]));
  assert.equal(running(beams), [
    [[1], 0, -1],
    [[2], 0, -2],
  ]);
  beams.advance(step([0, 4, -1.2], [1, 5, -2.2], [0, 9, -2.3], [1, 6, -2.4]));
  assert.equal(running(beams), [
    [[1, 4], 0, -1.2],
    [[2, 5], 1, -2.2],
  ]);
  assert.equal(beams.results, [{ ids: [9], score: -1.5 }]);
  assert.not(beams.done);
  beams.advance(step([0, 7, -1.8], [1, 9, -2.4], [0, 8, -2.5], [1, 3, -2.6]));
  assert.ok(beams.done);
  return beams;
}

test('hypotheses compete by the mean of their log-probabilities', () => {
  const { results } = threeSteps(search());
  assert.equal(
    results.map(({ ids }) => ids),
    [
      [1, 4, 7],
      [2, 5, 9],
    ],
  );
  assert.ok(Math.abs(results[0].score + 0.6) < 1e-12);
  assert.ok(Math.abs(results[1].score + 0.8) < 1e-12);
});

test('without a length penalty by their sum', () => {
  assert.equal(threeSteps(search({ lengthPenalty: 0 })).results, [
    { ids: [9], score: -1.5 },
    { ids: [1, 4, 7], score: -1.8 },
  ]);
});

test('a beam may go on twice', () => {
  const beams = search();
  beams.advance(step([0, 1, -1], [0, 2, -2], [0, 3, -3], [0, 4, -4]));
  beams.advance(step([0, 5, -1.1], [0, 6, -1.2], [1, 5, -2.5], [1, 6, -2.6]));
  assert.equal(running(beams), [
    [[1, 5], 0, -1.1],
    [[1, 6], 0, -1.2],
  ]);
});

/** Two finished hypotheses after two steps, the worse one with −0.6 a token; the best running beam has `score`. */
function twoFinished(beams: BeamSearch, score: number): BeamSearch {
  beams.advance(step([0, 9, -0.1], [0, 1, -1], [0, 2, -1.05], [0, 3, -3]));
  beams.advance(step([1, 4, score], [0, 9, -1.2], [0, 5, -4], [1, 5, -5]));
  return beams;
}

test('early stopping ends with the list full', () => {
  const beams = twoFinished(search({ maxNewTokens: 9, earlyStopping: true }), -1.1);
  assert.ok(beams.done);
  assert.equal(beams.results, [
    { ids: [9], score: -0.1 },
    { ids: [1, 9], score: -0.6 },
  ]);
});

test('otherwise the search goes on while a running beam is better than the worst of the list', () => {
  assert.not(twoFinished(search({ maxNewTokens: 9 }), -1.1).done);
  assert.ok(twoFinished(search({ maxNewTokens: 9 }), -1.2).done);
  // by the sum the beam of −1.1 is the better one as well; against −1.2 it has to be better, not equal
  assert.not(twoFinished(search({ maxNewTokens: 9, lengthPenalty: 0 }), -1.1).done);
});

test('nothing to go on with ends the search', () => {
  const beams = search();
  beams.advance(step([0, 9, -0.1]));
  assert.ok(beams.done);
  assert.equal(beams.results, [{ ids: [9], score: -0.1 }]);
});

test.run();
