/** Scores as the shared task of CoNLL 2018 counts them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { scoreParses } from '../../../train/parser/score.ts';

const sentence = (words: string) => {
  const rows = words.split(' ').map((word) => word.split('/'));
  return {
    upos: rows.map(([upos]) => upos),
    xpos: rows.map(([, xpos]) => xpos),
    heads: rows.map(([, , head]) => Number(head)),
    relations: rows.map(([, , , relation]) => relation),
  };
};

test('punctuation counts, subtypes do not', () => {
  const expected = [
    sentence('DET/DT/1/det NOUN/NN/2/nsubj:pass VERB/VBN/-1/root PUNCT/./2/punct'),
    sentence('X/FW/-1/root'),
  ];
  const given = [
    sentence('DET/DT/1/det NOUN/NNS/2/nsubj VERB/VBN/-1/root PUNCT/./1/punct'),
    sentence('NOUN/NN/-1/root'),
  ];
  const scores = scoreParses(given, expected);
  assert.equal(scores, { upos: 4 / 5, xpos: 3 / 5, uas: 4 / 5, las: 4 / 5, fullLas: 3 / 5, words: 5 });
  assert.is(scoreParses(expected, expected).fullLas, 1);
});

test('a right label with a wrong head is no right arc', () => {
  assert.is(scoreParses([sentence('X/X/1/dep X/X/-1/root')], [sentence('X/X/-1/root X/X/0/dep')]).las, 0);
});

test('lists that are not of the same sentences', () => {
  assert.throws(() => scoreParses([], [sentence('X/X/-1/root')]), '0 parses cannot be scored against 1 sentences');
  assert.throws(
    () => scoreParses([sentence('X/X/-1/root')], [sentence('X/X/-1/root X/X/0/dep')]),
    'sentence 1 has 2 words, its parse 1',
  );
});

test.run();
