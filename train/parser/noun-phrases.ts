/** Noun phrases of a treebank's sentences as sentences of their own: captions often are nothing else, and treebanks hold few. */
import type { TreebankSentence } from './treebank.ts';

/** Relations of nouns whose phrases can stand alone. */
const PHRASES = new Set('nsubj obj iobj obl nmod appos'.split(' '));
/** What belongs to the noun's place in its sentence, and goes. */
const OUTSIDE = new Set('case cc mark punct'.split(' '));
/** With one of these the noun is a predicate. */
const OF_CLAUSE = new Set('cop nsubj csubj aux expl'.split(' '));
/** Words of a phrase that is worth it. */
const SHORTEST = 3;

/** The phrases of a sentence that lie in one piece, with their nouns as roots. */
export function nounPhrases(sentence: TreebankSentence): TreebankSentence[] {
  const { heads, relations, upos } = sentence;
  return heads.flatMap((head, noun) => {
    if (head === -1 || upos[noun] !== 'NOUN' || !PHRASES.has(universalPart(relations[noun]))) return [];
    const direct = heads.flatMap((other, word) => (other === noun ? [word] : []));
    if (direct.some((word) => OF_CLAUSE.has(universalPart(relations[word])))) return [];
    const gone = new Set(direct.filter((word) => OUTSIDE.has(universalPart(relations[word]))));
    const words = subtree(noun, heads, gone);
    const [first, last] = [words[0], words[words.length - 1]];
    if (words.length < SHORTEST || last - first + 1 !== words.length) return [];
    return [part(sentence, first, last + 1, noun)];
  });
}

/** A phrase as people write captions: with a capital letter or without, with a full stop or without. */
export function asCaption(phrase: TreebankSentence, style: { capital: boolean; fullStop: boolean }): TreebankSentence {
  const [first, ...rest] = phrase.forms;
  const forms = style.capital ? [first[0].toUpperCase() + first.slice(1), ...rest] : phrase.forms;
  if (!style.fullStop) return { ...phrase, forms };
  return {
    text: phrase.text,
    forms: [...forms, '.'],
    lemmas: [...phrase.lemmas, '.'],
    upos: [...phrase.upos, 'PUNCT'],
    xpos: [...phrase.xpos, '.'],
    heads: [...phrase.heads, phrase.heads.indexOf(-1)],
    relations: [...phrase.relations, 'punct'],
  };
}

/** Words below `top` and itself, rising, without the subtrees of `gone`. */
function subtree(top: number, heads: readonly number[], gone: ReadonlySet<number>): number[] {
  const isBelow = (word: number): boolean => {
    for (let at = word; at !== -1; at = heads[at]) {
      if (at === top) return true;
      if (gone.has(at)) return false;
    }
    return false;
  };
  return [...heads.keys()].filter(isBelow);
}

function part(sentence: TreebankSentence, first: number, end: number, root: number): TreebankSentence {
  const cut = <T>(column: readonly T[]) => column.slice(first, end);
  const forms = cut(sentence.forms);
  return {
    text: forms.join(' '),
    forms,
    lemmas: cut(sentence.lemmas),
    upos: cut(sentence.upos),
    xpos: cut(sentence.xpos),
    heads: cut(sentence.heads).map((head, i) => (first + i === root ? -1 : head - first)),
    relations: cut(sentence.relations).map((relation, i) => (first + i === root ? 'root' : relation)),
  };
}

function universalPart(relation: string): string {
  return relation.split(':')[0];
}
