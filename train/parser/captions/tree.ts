/** Dependency trees that grow word by word, and the sentences that they are. */
import type { TreebankSentence } from '../treebank.ts';

export interface Word {
  readonly form: string;
  readonly lemma: string;
  readonly upos: string;
  /** Tag of the Penn Treebank. */
  readonly xpos: string;
}

/** A word with what hangs on it, in the order of the text; every subtree lies in one piece. */
export interface Tree extends Word {
  readonly relation: string;
  readonly before: readonly Tree[];
  readonly behind: readonly Tree[];
}

export function word(form: string, upos: string, xpos: string, lemma = form.toLowerCase()): Word {
  return { form, lemma, upos, xpos };
}

export function tree(
  { form, lemma, upos, xpos }: Word,
  relation: string,
  before: readonly Tree[] = [],
  behind: readonly Tree[] = [],
): Tree {
  return { form, lemma, upos, xpos, relation, before, behind };
}

/** The same tree in another role. */
export function as(given: Tree, relation: string): Tree {
  return { ...given, relation };
}

/** With more words in front of all, or behind all, that hang on the top. */
export function withBefore(given: Tree, ...more: readonly Tree[]): Tree {
  return { ...given, before: [...more, ...given.before] };
}

export function withBehind(given: Tree, ...more: readonly Tree[]): Tree {
  return { ...given, behind: [...given.behind, ...more] };
}

/** `first, second and third`: all hang on the first, each with its own comma or "and" before it. */
export function coordinated(items: readonly Tree[], style: { and: string; lastComma: boolean }): Tree {
  const [first, ...rest] = items;
  const linked = rest.map((item, i) => {
    const isLast = i === rest.length - 1;
    const comma = isLast && !(style.lastComma && rest.length > 1) ? [] : [punctuation(',', ',')];
    const and = isLast ? [tree(word(style.and, 'CCONJ', 'CC'), 'cc')] : [];
    return as(withBefore(item, ...comma, ...and), 'conj');
  });
  return withBehind(first!, ...linked);
}

export function punctuation(form: string, xpos: string): Tree {
  return tree(word(form, 'PUNCT', xpos), 'punct');
}

/** The sentence of a tree; "a" is "an" where a vowel follows. */
export function sentenceOf(root: Tree): TreebankSentence {
  const trees: Tree[] = [];
  const heads: number[] = [];
  /** The place of the tree's own word. */
  const write = (given: Tree): number => {
    const before = given.before.map(write);
    const place = trees.push(given) - 1;
    for (const child of [...before, ...given.behind.map(write)]) heads[child] = place;
    return place;
  };
  heads[write(root)] = -1;
  const forms = trees.map(({ form }, i) => (form === 'a' && beginsWithVowel(trees[i + 1]?.form ?? '') ? 'an' : form));
  return {
    text: forms.join(' '),
    forms,
    lemmas: trees.map(({ lemma }) => lemma),
    upos: trees.map(({ upos }) => upos),
    xpos: trees.map(({ xpos }) => xpos),
    heads,
    relations: trees.map(({ relation }, i) => (heads[i] === -1 ? 'root' : relation)),
  };
}

/** To the ear. */
function beginsWithVowel(form: string): boolean {
  return /^[aeiou]/i.test(form) && !/^(?:uni|use|eu|one)/i.test(form);
}
