/** A parser from its files: sentences, captions with offsets, threads, and files that do not fit. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dependencyTree } from '../../../../data/grit/parse.ts';
import { parameterShapes } from '../../../../data/grit/parser/config.ts';
import { Parser, ParserPool, parseCaptions } from '../../../../data/grit/parser/index.ts';
import { Vocabulary } from '../../../../data/grit/parser/vocabulary.ts';
import { writeParserFolder } from '../../../../train/parser/checkpoint.ts';
import { countVocabulary } from '../../../../train/parser/count-vocabulary.ts';
import { initialParameters } from '../../../../train/parser/initialize.ts';
import { parseTreebank } from '../../../../train/parser/treebank.ts';
import { rejects } from '../../../rejects.ts';
import { TINY_TRAINING, TINY_TREEBANK } from '../../../train/parser/tiny.ts';

const folder = mkdtempSync(join(tmpdir(), 'parser-'));
test.after(() => rmSync(folder, { recursive: true }));
const vocabulary = new Vocabulary(countVocabulary(parseTreebank(TINY_TREEBANK, 'tiny')));
const { model } = TINY_TRAINING;
await writeParserFolder(
  folder,
  TINY_TRAINING,
  vocabulary,
  initialParameters(model, vocabulary, 1),
  parameterShapes(model, vocabulary),
);
const parser = await Parser.load(folder);

test('every sentence gets a tree with one root and labels of the vocabulary, whatever it is parsed with', () => {
  const sentences = [['A', 'dog', 'runs', '.'], [], ['unseen', 'Wörter', '🐕'], new Array<string>(700).fill('dog')];
  const parses = parser.parse(sentences);
  assert.is(parses.length, 4);
  for (const [i, { heads, relations, upos, xpos }] of parses.entries()) {
    assert.is(heads.length, sentences[i].length);
    assert.is(heads.filter((head) => head === -1).length, Math.min(1, heads.length));
    assert.ok(heads.every((head, word) => head < heads.length && (relations[word] === 'root') === (head === -1)));
    assert.ok(upos.every((tag) => vocabulary.file.upos.includes(tag)));
    assert.ok(xpos.every((tag) => vocabulary.file.xpos.includes(tag)));
  }
  assert.equal(parser.parse([sentences[0]])[0], parses[0]);
});

test('captions: several sentences in one tree list, offsets in code points', () => {
  const captions = [
    { id: 'a', caption: '🐕 A dog. Cats run!' },
    { id: 'b', caption: '  ' },
  ];
  const [first, second] = parseCaptions(parser, captions);
  assert.equal(
    first.tokens.map(({ form, start, end }) => [form, start, end]),
    [
      ['🐕', 0, 1],
      ['A', 2, 3],
      ['dog', 4, 7],
      ['.', 7, 8],
      ['Cats', 9, 13],
      ['run', 14, 17],
      ['!', 17, 18],
    ],
  );
  assert.is(first.tokens.filter(({ head }) => head === -1).length, 2);
  assert.ok(
    first.tokens.slice(4).every(({ head }) => head === -1 || head >= 4),
    'heads are in the same sentence',
  );
  dependencyTree(first.tokens);
  assert.equal(second, { id: 'b', caption: '  ', tokens: [], scheme: 'ud' });
});

test('threads give what the parser gives, in order', async () => {
  const captions = Array.from({ length: 150 }, (_, i) => ({ id: String(i), caption: `A dog ${i} runs. Cats!` }));
  const expected = parseCaptions(parser, captions);
  for (const threads of [0, 2]) {
    const pool = await ParserPool.open(folder, threads);
    try {
      assert.is(pool.describe(), threads === 0 ? 'in place' : 'in 2 threads');
      const given = [];
      for await (const parsed of pool.parse(captions)) given.push(parsed);
      assert.equal(given, expected);
      const groups = await Promise.all([pool.parseGroup(captions.slice(0, 3)), pool.parseGroup(captions.slice(3, 5))]);
      assert.equal(groups.flat(), expected.slice(0, 5));
    } finally {
      await pool.close();
    }
  }
});

test('what does not fit is named', async () => {
  await rejects(() => Parser.load(join(folder, 'nowhere')), Error, /nowhere/);
  const broken = mkdtempSync(join(folder, 'broken-'));
  const write = (name: string, content: unknown) => writeFileSync(join(broken, name), JSON.stringify(content));
  write('config.json', { ...model, state: 0 });
  await rejects(() => Parser.load(broken), Error, /config\.json: state must be a whole number of at least 1, found 0/);
  write('config.json', model);
  write('vocabulary.json', { words: [] });
  await rejects(
    () => Parser.load(broken),
    Error,
    /vocabulary\.json is no vocabulary of the parser: it has no list "affixes"/,
  );
  assert.throws(() => new Parser(model, vocabulary, {}), /parameter word has no elements, not those of \[\d+,8\]/);
});

test.run();
