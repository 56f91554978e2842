/** Prepositions of one word and of several, as they hang on nouns. */
import { as, type Tree, tree, withBefore, word } from './tree.ts';

/** "in front of X": a noun of its own, with X below it. */
const NOUN_LIKE = /^(in|on|at) (?:(the) )?(top|front|back|edge|side|middle) of$/;

/** `phrase` behind a preposition, to hang on something by `relation`. */
export function prepositional(preposition: string, phrase: Tree, relation: string): Tree {
  const nounLike = NOUN_LIKE.exec(preposition);
  if (nounLike) {
    const [, first, article, noun] = nounLike as unknown as [string, string, string | undefined, string];
    const before = [marker(first), ...(article ? [tree(word('the', 'DET', 'DT'), 'det')] : [])];
    return tree(word(noun, 'NOUN', 'NN'), relation, before, [prepositional('of', phrase, 'nmod')]);
  }
  if (preposition === 'in between')
    return as(withBefore(phrase, { ...marker('in'), behind: [tree(word('between', 'ADP', 'IN'), 'fixed')] }), relation);
  return as(withBefore(phrase, ...preposition.split(' ').map(marker)), relation);
}

function marker(form: string): Tree {
  return tree(word(form, 'ADP', 'IN'), 'case');
}
