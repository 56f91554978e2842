/** Words and sentences of raw captions, as UD English-EWT cuts them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LONGEST_SENTENCE, splitSentences } from '../../../../data/grit/parser/split-sentences.ts';
import { splitWords } from '../../../../data/grit/parser/split-words.ts';
import { readSection } from '../../../../train/parser/treebank.ts';
import { skipUnlessShared } from '../../../shared.ts';

const CASES: readonly [string, string][] = [
  ["A dog's bowl that isn't full, don't touch!", "A dog 's bowl that is n't full , do n't touch !"],
  ['You cannot see Mr. Smith at 7 p.m. in the U.S. today', 'You can not see Mr. Smith at 7 p.m. in the U.S. today'],
  ['black-and-white t-shirt, e-mail', 'black - and - white t - shirt , e-mail'],
  ['cost $5.50 (20% off)...', 'cost $ 5.50 ( 20 % off ) ...'],
  ["the girls' room", "the girls ' room"],
  ['see https://example.com/a?b=1, or me@example.com.', 'see https://example.com/a?b=1 , or me@example.com .'],
  ['at 5pm on the 2nd of 1,000 days', 'at 5 pm on the 2nd of 1,000 days'],
  ["we're gonna win :)", "we 're gon na win :)"],
  ['a cat 🐈‍⬛ and “quotes”', 'a cat 🐈‍⬛ and “ quotes ”'],
  ['AT&T and/or 24/7', 'AT&T and / or 24/7'],
  ['', ''],
  [' \t\n', ''],
];

test('words', () => {
  for (const [text, expected] of CASES) assert.is(wordsOf(text).join(' '), expected);
});

test('words lie where they say, and nothing but white space lies between them', () => {
  for (const [text] of CASES) {
    let rest = '';
    let end = 0;
    for (const { form, at } of splitWords(text)) {
      assert.is(text.slice(at, at + form.length), form);
      rest += text.slice(end, at);
      end = at + form.length;
    }
    assert.is((rest + text.slice(end)).trim(), '');
  }
});

test('sentences', () => {
  assert.equal(sentencesOf('Solar cells on a roof. The skyline is behind it.'), [
    'Solar cells on a roof .',
    'The skyline is behind it .',
  ]);
  assert.equal(sentencesOf('He said "stop." Then he left'), ['He said " stop . "', 'Then he left']);
  assert.equal(sentencesOf('Dr. Who at 5.30 p.m. in St. Ives'), ['Dr. Who at 5.30 p.m. in St. Ives']);
  assert.equal(sentencesOf('What?! No... a dog'), ['What ?!', 'No ... a dog']);
  assert.equal(sentencesOf(''), []);
});

test('a text without full stops falls into sentences that are not too long', () => {
  const sentences = sentencesOf('word '.repeat(450));
  assert.equal(
    sentences.map((sentence) => sentence.split(' ').length),
    [LONGEST_SENTENCE, LONGEST_SENTENCE, 450 - 2 * LONGEST_SENTENCE],
  );
});

skipUnlessShared(
  test,
  'data/ud-ewt',
  'words of the development section: 98.6 in 100 are cut as there',
  async (folder) => {
    const sentences = await readSection(folder, 'dev');
    const counts = { right: 0, given: 0, expected: 0 };
    for (const { text, forms } of sentences) {
      const expected = placesOf(text, forms);
      const given = new Set(splitWords(text).map(({ form, at }) => `${at} ${form}`));
      counts.right += expected.filter((place) => given.has(place)).length;
      counts.given += given.size;
      counts.expected += expected.length;
    }
    const f1 = (2 * counts.right) / (counts.given + counts.expected);
    assert.ok(f1 > 0.985, `F1 ${f1}`);
  },
);

/** Forms that are not in the text as they are come to lie nowhere. */
function placesOf(text: string, forms: readonly string[]): string[] {
  let at = 0;
  return forms.map((form) => {
    const found = text.indexOf(form, at);
    if (found === -1) return `nowhere ${form}`;
    at = found + form.length;
    return `${found} ${form}`;
  });
}

function wordsOf(text: string): string[] {
  return splitWords(text).map(({ form }) => form);
}

function sentencesOf(text: string): string[] {
  return splitSentences(text, splitWords(text)).map((words) => words.map(({ form }) => form).join(' '));
}

test.run();
