/** Rules for dictionary forms: counted, generalised to new words, with exceptions. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { countLemmaRules, lemmaOf } from '../../../../data/grit/parser/lemmas.ts';

const example = (form: string, upos: string, lemma: string) => ({ form, upos, lemma });
const RULES = countLemmaRules([
  example('dog', 'NOUN', 'dog'),
  example('table', 'NOUN', 'table'),
  example('house', 'NOUN', 'house'),
  example('garden', 'NOUN', 'garden'),
  example('dogs', 'NOUN', 'dog'),
  example('Tables', 'NOUN', 'table'),
  example('gardens', 'NOUN', 'garden'),
  example('cities', 'NOUN', 'city'),
  example('ladies', 'NOUN', 'lady'),
  example('babies', 'NOUN', 'baby'),
  example('men', 'NOUN', 'man'),
  example('constructor', 'NOUN', 'constructor'),
  example('Dogs', 'PROPN', 'Dogs'),
]);

test('the ending decides, the longest that is known', () => {
  assert.is(lemmaOf(RULES, 'cats', 'NOUN'), 'cat');
  assert.is(lemmaOf(RULES, 'Puppies', 'NOUN'), 'puppy');
  assert.is(lemmaOf(RULES, 'tree', 'NOUN'), 'tree');
});

test('exceptions are of one part of speech', () => {
  assert.is(lemmaOf(RULES, 'men', 'NOUN'), 'man');
  assert.is(lemmaOf(RULES, 'men', 'PROPN'), 'men');
});

test('names keep their letters, words without rules come in lower case', () => {
  assert.is(lemmaOf(RULES, 'Dogs', 'PROPN'), 'Dogs');
  assert.is(lemmaOf(RULES, 'Und', 'X'), 'und');
});

test('words that objects have as properties are words', () => {
  assert.is(lemmaOf(RULES, 'constructor', 'NOUN'), 'constructor');
  assert.is(lemmaOf(RULES, '__proto__', 'NOUN'), '__proto__');
  assert.is(lemmaOf(RULES, 'toString', 'valueOf'), 'tostring');
});

test.run();
