/** METEOR: the official values where its tables are, and its stages with small tables. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  loadMeteorTables,
  loadParaphrases,
  MissingTableError,
  meteor,
  meteorVocabulary,
  normaliseEnglish,
  stemEnglish,
} from '../../evaluate/metrics/meteor.ts';
import { readJson } from '../golden/json.ts';
import { checkMeteor } from '../golden/metrics-meteor.ts';
import { repositoryRoot, skipUnlessShared } from '../shared.ts';

const root = mkdtempSync(join(tmpdir(), 'meteor-'));
test.after(() => rmSync(root, { recursive: true }));

/** Small tables in the format of the real ones. */
const TABLES: Readonly<Record<string, string>> = {
  'english.words': 'a\nthe\n.\nhe\n',
  'english.prefixes': '# titles\nMr\nNo #NUMERIC_ONLY#\n',
  'english.synsets':
    'big\n00000001\nlarge\n00000001 00000002\nenormous\n00000001 00000003\nhuge\n00000003\ngoose\n00000009\n',
  'english.exceptions': 'goose\ngeese\n',
};

function folderWith(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = join(root, name);
  mkdirSync(folder);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  return folder;
}

async function settings(name: string, files = TABLES) {
  return { ...(await loadMeteorTables(folderWith(name, files))), stem: true, paraphrases: null };
}

function assertClose(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}, expected ${expected}`);
}

skipUnlessShared(test, 'goldens/metrics/meteor.json', 'all 351 segments of the official program', async (path) => {
  const cases = await checkMeteor(path.slice(0, path.lastIndexOf('/')));
  assert.ok(cases.length >= 37, `${cases.length} cases`);
  assert.equal(
    cases.filter((one) => !one.ok),
    [],
  );
});

test('500 stems', async () => {
  const stems = await readJson(`${repositoryRoot()}test/goldens/metrics/stems.json`);
  assert.is(Object.keys(stems).length, 500);
  assert.equal(Object.fromEntries(Object.keys(stems).map((word) => [word, stemEnglish(word)])), stems);
});

/** Values of the official program; its tables agree with the small ones on these words. */
const SEGMENTS: readonly (readonly [string, string, number])[] = [
  ['', 'a cat on a mat', 0],
  ['a', 'a', 1],
  ['.', 'a cat .', 0.09090909090909091],
  ['the the the the', 'the cat the dog', 0.1081081081081081],
  ['big large huge', 'large big enormous', 0.2666666666666666],
  ['a b c d', 'd c b a', 0.4],
  ['a man rides a horse', 'A man rides a horse.', 0.524595292803984],
];

test('single segments as the official program scores them', async () => {
  const { perItem } = meteor(
    SEGMENTS.map(([hypothesis, reference]) => ({ hypothesis, references: [reference] })),
    await settings('segments'),
  );
  for (const [index, [, , score]] of SEGMENTS.entries()) assertClose(perItem[index], score);
});

test('the best of several references counts', async () => {
  const references = ['something else', 'a dog runs', 'dogs'];
  const { corpus, perItem } = meteor([{ hypothesis: 'a dog runs', references }], await settings('references'));
  assert.equal([corpus, perItem], [1, [1]]);
});

test('base forms of irregular words are matched as synonyms, and stages can be off', async () => {
  const tables = await settings('stages');
  const item = { hypothesis: 'geese running', references: ['goose runs'] };
  const matched = (stem: boolean, synonyms: typeof tables.synonyms | null) =>
    meteor([item], { ...tables, stem, synonyms }).total.stages.map(({ hypothesisContent }) => hypothesisContent);
  assert.equal(matched(true, tables.synonyms), [0, 1, 1, 0]);
  assert.equal(matched(false, tables.synonyms), [0, 0, 1, 0]);
  assert.equal(matched(false, null), [0, 0, 0, 0]);
});

test('paraphrases align phrases of different lengths, both ways', async () => {
  const pairs = '0.5\ndied\npassed away\n0.1\nout of vocabulary\ndied\n';
  const folder = folderWith('paraphrases', { ...TABLES, 'paraphrase-en.gz': gzipSync(pairs) });
  const tables = await loadMeteorTables(folder);
  for (const [hypothesis, reference] of [
    ['he passed away', 'he died'],
    ['he died', 'he passed away'],
  ]) {
    const items = [{ hypothesis, references: [reference] }];
    const paraphrases = await loadParaphrases(folder, meteorVocabulary(items, tables.prefixes));
    assert.is(paraphrases.size, 1);
    const { total, corpus } = meteor(items, { ...tables, stem: true, paraphrases });
    const { hypothesisContent, referenceContent } = total.stages[3];
    assert.equal(hypothesisContent + referenceContent, 3);
    // "he" is a function word; two words of content on one side and one on the other, at weight 0.6; no fragmentation.
    const weighted = (content: number) => (0.6 * 0.75 * content + 0.25) / (0.75 * content + 0.25);
    assertClose(corpus, 1 / (0.15 / weighted(hypothesisContent) + 0.85 / weighted(referenceContent)));
  }
});

test('the normaliser', async () => {
  const { prefixes } = await settings('normaliser');
  const normalised = (text: string) => normaliseEnglish(text, prefixes).join(' ');
  assert.is(normalised("Mr. Smith's T-shirt, 1,000 times..."), "mr. smith 's t shirt , 1,000 times ...");
  assert.is(normalised('No. 5 of the U.S. is No. one.'), 'no. 5 of the us is no. one .');
  assert.is(normalised('“quoted” — end.'), '" quoted " — end .');
});

test('missing tables are named, with where they come from', async () => {
  const { 'english.synsets': _, ...rest } = TABLES;
  const folder = folderWith('missing', rest);
  for (const [load, name] of [
    [() => loadMeteorTables(folder), 'english.synsets'],
    [() => loadParaphrases(folder, new Set()), 'paraphrase-en.gz'],
  ] as const) {
    const error = await load().then(
      () => null,
      (reason) => reason,
    );
    assert.instance(error, MissingTableError);
    assert.match(error.message, new RegExp(`missing/${name} is missing: get it from .*https://`));
  }
});

test('damaged tables are named', async () => {
  const errorOf = (name: string, files: Readonly<Record<string, string | Uint8Array>>) =>
    loadMeteorTables(folderWith(name, { ...TABLES, ...files })).then(
      () => '',
      (error) => error.message as string,
    );
  assert.match(await errorOf('cut', { 'english.exceptions': 'goose\ngeese\nox\n' }), /english\.exceptions: .*"ox"/);
  assert.match(await errorOf('numbers', { 'english.synsets': 'big\nmany\n' }), /english\.synsets: .*"big"/);
  const { 'english.synsets': synsets, ...rest } = TABLES;
  const broken = gzipSync(synsets).subarray(0, 30);
  const folder = folderWith('gzip', { ...rest, 'english.synsets.gz': broken });
  const error = await loadMeteorTables(folder).then(
    () => '',
    (reason) => reason.message,
  );
  assert.match(error, /english\.synsets\.gz/);
});

test.run();
