/** Treebanks, vocabularies, packing and the epochs of a parser's training. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { affixOf, normalForm, shapeOf } from '../../../data/grit/parser/features.ts';
import { Vocabulary } from '../../../data/grit/parser/vocabulary.ts';
import { packedBatch, packRows } from '../../../train/parser/batch.ts';
import { CaptionGrammar } from '../../../train/parser/captions/index.ts';
import { parseParserTraining } from '../../../train/parser/config.ts';
import { countVocabulary } from '../../../train/parser/count-vocabulary.ts';
import { ParserData, trainingSentence } from '../../../train/parser/data.ts';
import { asCaption, nounPhrases } from '../../../train/parser/noun-phrases.ts';
import { captionsOf, trainingVocabulary } from '../../../train/parser/run.ts';
import { parseTreebank, readSection } from '../../../train/parser/treebank.ts';
import { rejects } from '../../rejects.ts';
import { skipUnlessShared } from '../../shared.ts';
import { TINY_TRAINING, TINY_TREEBANK } from './tiny.ts';

const sentences = parseTreebank(TINY_TREEBANK, 'tiny');
const vocabulary = new Vocabulary(countVocabulary(sentences));
const folder = mkdtempSync(join(tmpdir(), 'treebank-'));
test.after(() => rmSync(folder, { recursive: true }));

test('columns of a treebank, without surfaces and empty nodes', () => {
  const text =
    "# text = don't\n1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n1\tdo\tdo\tAUX\tVBP\t_\t0\troot\t_\t_\n2\tn't\tnot\tPART\tRB\t_\t1\tadvmod\t_\t_\n2.1\tx\t_\t_\t_\t_\t_\t_\t_\t_\n";
  assert.equal(parseTreebank(text, 'x'), [
    {
      text: "don't",
      forms: ['do', "n't"],
      lemmas: ['do', 'not'],
      upos: ['AUX', 'PART'],
      xpos: ['VBP', 'RB'],
      heads: [-1, 0],
      relations: ['root', 'advmod'],
    },
  ]);
  assert.throws(() => parseTreebank('1\ta\n', 'x'), 'x, line 1: 2 columns separated by tabs, not 10');
  assert.throws(() => parseTreebank(text.replace('\n2\t', '\n3\t'), 'x'), 'x, line 4: word 3 where 2 is expected');
  assert.throws(() => parseTreebank('\n', 'x'), 'x holds no sentences');
});

test('sections, plain or gzipped', async () => {
  await rejects(() => readSection(folder, 'dev'), Error, /has no file \*-ud-dev\.conllu/);
  writeFileSync(join(folder, 'en_tiny-ud-dev.conllu'), TINY_TREEBANK);
  writeFileSync(join(folder, 'en_tiny-ud-train.conllu.gz'), gzipSync(TINY_TREEBANK));
  writeFileSync(join(folder, 'en_tiny-ud-test.conllu.gz'), TINY_TREEBANK);
  assert.equal(await readSection(folder, 'dev'), sentences);
  assert.equal(await readSection(folder, 'train'), sentences);
  await rejects(() => readSection(folder, 'test'), Error, /is no gzip file/);
});

test('what is seen of a word', () => {
  assert.is(normalForm('It’S'), "it's");
  assert.is(normalForm('1,234TH'), '0,000th');
  assert.is(affixOf('running', { side: 'suffix', length: 3 }), 'ing');
  assert.is(affixOf('running', { side: 'prefix', length: 3 }), 'run');
  assert.is(affixOf('ing', { side: 'suffix', length: 3 }), 'ing|');
  assert.equal(['Qaim', 'USA', '24-hour', 'iPhone', '...'].map(shapeOf), ['Xxx', 'XX', '00-xx', 'xXxx', '..']);
  assert.is(vocabulary.wordId('DOG'), vocabulary.wordId('dog'));
  assert.is(vocabulary.wordId('zebra'), 0);
  assert.is(vocabulary.affixIds('dog').length, vocabulary.affixRows.length);
});

test('sentences are packed whole, and answers follow them to their places', () => {
  const shape = { rows: 2, length: 10 };
  const encoded = sentences.map((sentence) => trainingSentence(sentence, vocabulary));
  const batches = packRows(encoded, { ...shape, rows: 3 });
  assert.is(batches.length, 1);
  assert.is(batches.flat(2).length, sentences.length);
  for (const row of batches.flat()) assert.ok(row.reduce((sum, { words }) => sum + words.length, 0) <= shape.length);
  assert.throws(() => packRows(encoded, { rows: 1, length: 3 }), /a sentence of \d words does not fit into rows of 3/);

  const { feed, tokens } = packedBatch([[encoded[4], encoded[2]], [encoded[0]]], shape);
  assert.is(tokens, 10);
  // "Run !" and "cats on a roof" in the first row, four words in the second
  assert.equal([...feed.headColumns.data], [10, 0, 10, 5, 5, 2, -1, -1, -1, -1, 1, 2, 10, 2, ...new Array(6).fill(-1)]);
  assert.equal([...feed.headPlaces.data].slice(0, 6), [20, 0, 20, 5, 5, 2]);
  assert.equal([...feed.hasBefore.data].slice(0, 7), [0, 1, 0, 1, 1, 1, 0]);
  assert.equal([...feed.hasBehind.data].slice(0, 7), [1, 0, 1, 1, 1, 0, 0]);
  const allowed = (place: number) =>
    [...feed.forbidden.data.slice(place * 11, place * 11 + 11)].flatMap((value, column) =>
      value === 0 ? [column] : [],
    );
  assert.equal(allowed(1), [0, 10]);
  assert.equal(allowed(3), [2, 4, 5, 10]);
  assert.equal(allowed(7), [10], 'an empty place may hang on the root');
});

test('epochs differ, and go on from where they were', () => {
  const options = { noise: { rare: 1, word: 0.2, lowerCase: 0.5, openEnd: 0.5, phrases: 0.5 }, seed: 4 };
  const open = (position?: { epoch: number; batch: number }) =>
    new ParserData(sentences, vocabulary, { rows: 1, length: 12 }, { ...options, position });
  const data = open();
  const words = Array.from({ length: 9 }, () => [...data.next().feed.words.data]);
  assert.is.not(words[0].join(), words[3].join());
  const again = open();
  for (let i = 0; i < 4; i++) again.next();
  const resumed = open(again.position);
  assert.equal([...resumed.next().feed.words.data], words[4]);
  assert.equal([...resumed.next().feed.words.data], words[5]);
});

test('captions of the grammar are mixed in, others in every epoch', () => {
  const noise = { rare: 0, word: 0, lowerCase: 0, openEnd: 0, phrases: 0 };
  const grammar = new CaptionGrammar(1);
  const shape = { rows: 1, length: 400 };
  const tokensOf = (captions?: { grammar: CaptionGrammar; count: number }) => {
    const data = new ParserData(sentences, vocabulary, shape, { noise, seed: 4, captions });
    return [data.next().tokens, data.next().tokens];
  };
  const [alone] = tokensOf();
  const counts = [0, 8].map((first) => grammar.captions(first, 8).reduce((sum, { forms }) => sum + forms.length, 0));
  assert.equal(tokensOf({ grammar, count: 8 }), [alone + counts[0], alone + counts[1]]);
  assert.is(captionsOf({ ...TINY_TRAINING, captions: 0.5 }, 6)?.count, 3);
  assert.is(captionsOf(TINY_TRAINING, 6), undefined);
  const words = trainingVocabulary(sentences, { grammar, count: 40 }).file.words;
  assert.ok(words.length > countVocabulary(sentences).words.length);
});

test('noun phrases stand alone, without the preposition and what goes with the clause', () => {
  const phrases = sentences.map((sentence) => nounPhrases(sentence).map(({ forms }) => forms.join(' ')));
  assert.equal(phrases, [[], ['a small cat'], [], [], [], []]);
  const [phrase] = nounPhrases(sentences[1]);
  assert.equal(phrase.heads, [2, 2, -1]);
  assert.equal(phrase.relations, ['det', 'amod', 'root']);
  const caption = asCaption(phrase, { capital: true, fullStop: true });
  assert.equal(caption.forms, ['A', 'small', 'cat', '.']);
  assert.equal(caption.heads, [2, 2, -1, 2]);
  assert.is(asCaption(phrase, { capital: false, fullStop: false }).forms, phrase.forms);
});

test('configurations', () => {
  assert.is(TINY_TRAINING.schedule.warmup, 4);
  const file = { model: TINY_TRAINING.model, steps: 10 };
  assert.throws(() => parseParserTraining({ ...file, steps: 0 }, 'x'), /x: steps must be a whole number ≥ 1, found 0/);
  assert.throws(() => parseParserTraining({ ...file, stepz: 0 }, 'x'), /x: stepz is an unknown field/);
  assert.throws(
    () => parseParserTraining({ ...file, dropout: { input: 1 } }, 'x'),
    /x: dropout\.input must be a number/,
  );
  assert.throws(
    () => parseParserTraining({ ...file, model: { ...file.model, tagBlocks: 3 } }, 'x'),
    /tagBlocks is 3, but there are only 2 blocks/,
  );
});

skipUnlessShared(
  test,
  'data/ud-ewt',
  'the training section of EWT: as many sentences and words as its page says',
  async (path) => {
    const train = await readSection(path, 'train');
    assert.is(train.length, 12_544);
    assert.is(
      train.reduce((sum, { forms }) => sum + forms.length, 0),
      204_577,
    );
  },
);

test.run();
