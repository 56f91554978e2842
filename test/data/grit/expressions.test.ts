/** Noun chunks, referring expressions and what is dropped: goldens, spaCy's own chunks, and the rules one by one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readAbstractNouns } from '../../../data/grit/abstract-nouns.ts';
import { type AnalysisOptions, type CaptionAnalysis, captionAnalyzer } from '../../../data/grit/analyze.ts';
import { referringExpression } from '../../../data/grit/expressions.ts';
import { nounChunks } from '../../../data/grit/noun-chunks.ts';
import { dependencyTree } from '../../../data/grit/parse.ts';
import { readSpacyDocument } from '../../../data/grit/spacy.ts';
import { maximalSpans } from '../../../data/grit/spans.ts';
import type { GoldenCase } from '../../golden/case.ts';
import { checkCaptions, checkFigures } from '../../golden/grit-captions.ts';
import { readJson } from '../../golden/json.ts';
import { skipUnlessShared } from '../../shared.ts';
import { GRIT_GOLDENS, parsesIn, sentence, temporaryFolder } from './files.ts';

const folder = temporaryFolder();
test.after(folder.remove);

const given = join(GRIT_GOLDENS, 'given');

test('goldens: captions and the figures of the paper', async () => {
  assertOk(await checkCaptions(given), 5 * 27);
  assertOk(await checkFigures(given), 3 * 6);
});

skipUnlessShared(test, 'goldens/grit', 'all goldens, and the list of abstract nouns that is shipped', async (path) => {
  assertOk(await checkCaptions(path), 5 * 111);
  const { head, bare } = await readJson(join(path, 'abstract-nouns.json'));
  const { picture, ...shipped } = await readJson(
    new URL('../../../data/grit/abstract-nouns.json', import.meta.url).pathname,
  );
  assert.equal(shipped, { head, bare });
  assert.ok(picture.includes('image'));
});

test("the paper's example comes out as printed", async () => {
  const { parses } = await parsesIn(join(given, 'captions.conllu'));
  const { nounChunks: chunks, kept } = captionAnalyzer()(parses.find(({ id }) => id === 's001')!);
  assert.equal(
    chunks.map(({ text }) => text),
    ['a dog', 'a field', 'flowers'],
  );
  assert.equal(
    kept.map(({ text }) => text),
    ['a dog in a field of flowers'],
  );
});

test("spaCy's own noun chunks and subtrees of random trees, in code points", () => {
  const cases = JSON.parse(readFileSync(join(GRIT_GOLDENS, 'spacy.json'), 'utf8'));
  let chunks = 0;
  for (const [index, one] of cases.entries()) {
    const parsed = { ...readSpacyDocument(one, String(index)), scheme: 'clear' as const };
    const tree = dependencyTree(parsed.tokens);
    const found = nounChunks(parsed, tree).map((chunk) => {
      const { how, end } = referringExpression(chunk, parsed, tree);
      return [chunk.start, chunk.end, how === 'conjunct' ? null : end];
    });
    assert.equal(found, one.noun_chunks, `case ${index}`);
    chunks += found.length;
  }
  assert.ok(chunks > 80);
});

test('the same phrase in both families of labels', async () => {
  const universal = await analyzed(
    sentence(
      'A a DET 2 det',
      'dog dog NOUN 0 root',
      'in in ADP 5 case',
      'a a DET 5 det',
      'field field NOUN 2 nmod',
      '. . PUNCT 2 punct',
    ),
  );
  const clear = await analyzed(
    sentence(
      'A a DET 2 det',
      'dog dog NOUN 0 ROOT',
      'in in ADP 2 prep',
      'a a DET 5 det',
      'field field NOUN 3 pobj',
      '. . PUNCT 2 punct',
    ),
  );
  assert.equal(clear.expressions, universal.expressions);
  assert.equal(
    clear.kept.map(({ text }) => text),
    ['A dog in a field'],
  );
});

test('coordinated chunks do not grow', async () => {
  const { expressions } = await analyzed(
    sentence(
      'dogs dog NOUN 0 root',
      'and and CCONJ 3 cc',
      'cats cat NOUN 1 conj',
      'in in ADP 5 case',
      'boxes box NOUN 3 nmod',
    ),
  );
  assert.equal(
    expressions.map(({ text, how }) => [text, how]),
    [
      ['dogs', 'conjunct'],
      ['cats', 'conjunct'],
      ['boxes', 'no-children'],
    ],
  );
});

test('a predicate leaves its clause out', async () => {
  const { expressions } = await analyzed(
    sentence(
      'It it PRON 5 nsubj',
      'is be AUX 5 cop',
      'really really ADV 5 advmod',
      'a a DET 5 det',
      'dog dog NOUN 0 root',
      'of of ADP 7 case',
      'mine mine NOUN 5 nmod',
      'outdoors outdoors ADV 5 advmod',
    ),
  );
  assert.equal(
    expressions.map(({ text }) => text),
    ['a dog of mine', 'mine'],
  );
});

test('abstract nouns and pronouns are dropped, each for its reason', async () => {
  const text = sentence(
    'The the DET 2 det',
    'top top NOUN 0 root',
    'of of ADP 6 case',
    'a a DET 6 det',
    'pink pink ADJ 6 amod',
    'top top NOUN 2 nmod',
    'at at ADP 9 case',
    'Night Night PROPN 2 flat',
    'times Time NOUN 2 nmod',
    'with with ADP 11 case',
    'it it PRON 2 nmod',
  );
  const removals = ({ nounChunks: chunks }: CaptionAnalysis) =>
    chunks.map(({ text: words, removed }) => [words, removed]);
  assert.equal(removals(await analyzed(text)), [
    ['The top', 'abstract'],
    ['a pink top', null],
    ['times', 'abstract'],
    ['it', 'pronoun'],
  ]);
  const abstractNouns = readAbstractNouns({ head: ['Top'], bare: [] });
  assert.equal(removals(await analyzed(text, { abstractNouns, keepPronouns: true })), [
    ['The top', 'abstract'],
    ['a pink top', 'abstract'],
    ['times', null],
    ['it', null],
  ]);
  assert.throws(() => readAbstractNouns(['time']), /an object/);
  assert.throws(() => readAbstractNouns({ head: ['time'] }), /"bare"/);
});

test('names of the picture itself are dropped before "of"', async () => {
  const caption = (noun: string, ...adjectives: string[]) =>
    sentence(
      `The the DET ${adjectives.length + 2} det`,
      ...adjectives,
      `${noun} ${noun} NOUN 0 root`,
      `of of ADP ${adjectives.length + 5} case`,
      `a a DET ${adjectives.length + 5} det`,
      `dog dog NOUN ${adjectives.length + 2} nmod`,
    );
  const texts = async (text: string) => (await analyzed(text)).kept.map(({ text: words }) => words);
  assert.equal(await texts(caption('image')), ['a dog']);
  assert.equal(await texts(caption('statue')), ['The statue of a dog']);
  assert.equal(await texts(caption('image', 'old old ADJ 3 amod')), ['The old image of a dog']);
  const onWall = sentence('An an DET 2 det', 'image image NOUN 0 root', 'on on ADP 4 case', 'walls wall NOUN 2 nmod');
  assert.equal(await texts(onWall), ['An image on walls']);
});

test('maximal spans: equal ones stay together, contained ones go', () => {
  const span = (start: number, end: number) => ({ start, end });
  assert.equal(maximalSpans([span(5, 9), span(0, 4), span(0, 4), span(1, 4), span(3, 6)]), [
    span(5, 9),
    span(0, 4),
    span(0, 4),
    span(3, 6),
  ]);
  assert.equal(maximalSpans([span(2, 3), span(2, 3), span(2, 8), span(0, 8)]), [span(0, 8)]);
  assert.equal(maximalSpans([]), []);
});

async function analyzed(text: string, options?: AnalysisOptions): Promise<CaptionAnalysis> {
  const { parses, problems } = await parsesIn(folder.file('text.conllu', text));
  assert.equal(problems.list(), []);
  return captionAnalyzer(options)(parses[0]!);
}

function assertOk(cases: GoldenCase[], count: number): void {
  assert.equal(
    cases.filter(({ ok }) => !ok),
    [],
  );
  assert.is(cases.length, count);
}

test.run();
