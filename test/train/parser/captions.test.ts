/** Captions of the grammar: trees, labels, words, conventions, and that they are always the same. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dependencyTree } from '../../../data/grit/parse.ts';
import { Dice } from '../../../train/parser/captions/dice.ts';
import { CaptionGrammar } from '../../../train/parser/captions/index.ts';
import { verb, withS } from '../../../train/parser/captions/inflect.ts';
import { allNouns, lemmaOfPlural } from '../../../train/parser/captions/nouns.ts';
import { prepositional } from '../../../train/parser/captions/prepositions.ts';
import { coordinated, sentenceOf, type Tree, tree, withBehind, word } from '../../../train/parser/captions/tree.ts';
import { places } from '../../../train/parser/captions/verbs.ts';
import { readSection } from '../../../train/parser/treebank.ts';
import { skipUnlessShared } from '../../shared.ts';

const captions = new CaptionGrammar(3).captions(0, 400);

const noun = (form: string, ...before: Tree[]) => tree(word(form, 'NOUN', 'NN'), 'nmod', before);
const a = () => tree(word('a', 'DET', 'DT'), 'det');
const shown = (root: Tree) => {
  const { forms, heads, relations } = sentenceOf(root);
  return forms.map((form, i) => `${form}/${relations[i]}/${heads[i] + 1}`).join(' ');
};

test('captions are the same for the same seed and number, and others for others', () => {
  assert.equal(new CaptionGrammar(3).caption(7), captions[7]);
  assert.not.equal(new CaptionGrammar(4).caption(7), captions[7]);
  assert.ok(new Set(captions.map(({ text }) => text.toLowerCase())).size > 380);
});

test('every caption is a tree with one root whose arcs do not cross', () => {
  for (const { text, heads, forms, relations } of captions) {
    assert.is(heads.length, forms.length);
    assert.is(relations.filter((relation) => relation === 'root').length, 1, text);
    const { leftEdge, rightEdge } = dependencyTree(
      forms.map((form, i) => ({
        form,
        lemma: form,
        upos: 'X',
        relation: relations[i],
        head: heads[i],
        start: i,
        end: i,
      })),
    );
    const sizes = heads.map((_, top) => heads.filter((__, at) => isBelow(at, top, heads)).length);
    for (const [i, size] of sizes.entries()) assert.is(rightEdge[i] - leftEdge[i] + 1, size, `${text}: ${forms[i]}`);
  }
});

test('words are written as English writes them', () => {
  for (const { text, forms, upos } of captions) {
    assert.not.match(text, /\ba [aeio]|\ban [bcdfghjklmnpqrstvwxyz]/i);
    assert.ok(
      forms.every((form) => form.length > 0 && !/[=*~!+]/.test(form)),
      text,
    );
    assert.ok(upos.some((tag) => tag === 'NOUN' || tag === 'PROPN'));
  }
});

test('prepositions of several words', () => {
  const cat = () => tree(word('cat', 'NOUN', 'NN'), 'root', [a()]);
  const on = (preposition: string) => shown(withBehind(cat(), prepositional(preposition, noun('apple', a()), 'nmod')));
  assert.is(on('on'), 'a/det/2 cat/root/0 on/case/5 an/det/5 apple/nmod/2');
  assert.is(on('next to'), 'a/det/2 cat/root/0 next/case/6 to/case/6 an/det/6 apple/nmod/2');
  assert.is(on('in between'), 'a/det/2 cat/root/0 in/case/6 between/fixed/3 an/det/6 apple/nmod/2');
  assert.is(on('in front of'), 'a/det/2 cat/root/0 in/case/4 front/nmod/2 of/case/7 an/det/7 apple/nmod/4');
});

test('coordination hangs on the first, with "and" and comma before what they belong to', () => {
  const list = coordinated([noun('cat'), noun('dog'), noun('cow')], { and: 'and', lastComma: true });
  assert.is(shown(list), 'cat/root/0 ,/punct/3 dog/conj/1 ,/punct/6 and/cc/6 cow/conj/1');
  const two = coordinated([noun('cat'), noun('dog')], { and: 'and', lastComma: true });
  assert.is(shown(two), 'cat/root/0 and/cc/3 dog/conj/1');
});

test('forms of verbs and nouns', () => {
  const forms = (base: string) =>
    (['VBZ', 'VBG', 'VBD', 'VBN'] as const).map((form) => verb(base, form).form).join(' ');
  assert.is(forms('ride'), 'rides riding rode ridden');
  assert.is(forms('carry'), 'carries carrying carried carried');
  assert.is(forms('lie'), 'lies lying lay lain');
  assert.is(forms('chop'), 'chops chopping chopped chopped');
  assert.is(forms('watch'), 'watches watching watched watched');
  assert.is(verb('be', 'VBG').form, 'being');
  assert.is(withS('daisy'), 'daisies');
  assert.is(lemmaOfPlural('glasses'), 'glass');
  const { person, pair, dish } = allNouns();
  assert.is(person.find(({ form }) => form === 'man')?.plural, 'men');
  assert.ok(pair.every(({ onlyPlural }) => onlyPlural));
  assert.ok(dish.every(({ plural }) => plural === null));
});

test('places are a preposition and kinds of nouns', () => {
  assert.equal(places('on top of furniture thing; in room'), [
    { preposition: 'on top of', kinds: ['furniture', 'thing'] },
    { preposition: 'in', kinds: ['room'] },
  ]);
  assert.throws(() => places('on tables'), 'no kinds of nouns in "on tables"');
});

test('dice', () => {
  const dice = new Dice(1, 2);
  const throws = Array.from({ length: 2000 }, () => dice.throw());
  assert.ok(throws.every((value) => value >= 0 && value < 1));
  const mean = throws.reduce((sum, value) => sum + value, 0) / throws.length;
  assert.ok(Math.abs(mean - 0.5) < 0.03, String(mean));
  const keys = Array.from({ length: 400 }, () => dice.weighed({ often: 3, seldom: 1, never: 0 }));
  assert.is(keys.includes('never'), false);
  assert.ok(Math.abs(keys.filter((key) => key === 'often').length - 300) < 40);
  assert.throws(() => dice.of([]), 'there is nothing to choose from');
});

skipUnlessShared(test, 'data/ud-ewt', 'captions have no label that the treebank lacks', async (path) => {
  const train = await readSection(path, 'train');
  for (const column of ['upos', 'xpos', 'relations'] as const) {
    const known = new Set(train.flatMap((sentence) => sentence[column]));
    assert.equal(
      [...new Set(captions.flatMap((caption) => caption[column]))].filter((label) => !known.has(label)),
      [],
    );
  }
});

function isBelow(word: number, top: number, heads: readonly number[]): boolean {
  for (let at = word; at !== -1; at = heads[at]) if (at === top) return true;
  return false;
}

test.run();
