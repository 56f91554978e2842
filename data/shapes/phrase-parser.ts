/**
 * Reads noun phrases of the shapes world, as a caption or a model may write them:
 *
 *     two small red stars
 *     the leftmost circle
 *     a large striped ring to the left of the blue square
 */
import {
  ANY_SHAPE,
  COLORS,
  EXTREMES,
  type Extreme,
  NUMBER_WORDS,
  plural,
  RELATIONS,
  type Relation,
  SHAPES,
  SIZES,
  TEXTURES,
} from './attributes.ts';

export interface ParsedPhrase {
  /** `the`: it must be clear which is meant. */
  readonly definite: boolean;
  /** 1 for `a`, `an` and `the`. */
  readonly count: number;
  readonly extreme: Extreme | null;
  /** Words for size, texture, colour and shape, in any order before the noun. */
  readonly attributes: readonly string[];
  readonly relation: { readonly relation: Relation; readonly anchor: ParsedPhrase } | null;
}

const ADJECTIVES: readonly string[] = [...SIZES, ...TEXTURES, ...COLORS];
const NOUNS: readonly string[] = [...SHAPES, ANY_SHAPE];
/** Ways to say a relation, longest first. */
const RELATION_PHRASES = RELATIONS.flatMap((relation) => {
  const said = relation.split(' ');
  return said.length === 2
    ? [
        { relation, said: ['to', 'the', ...said] },
        { relation, said },
      ]
    : [{ relation, said }];
});

/** Null for anything that is no such phrase: other words, `two star`, `a stars`. Capitals do not count. */
export function parsePhrase(text: string): ParsedPhrase | null {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return parseWords(words);
}

function parseWords(words: readonly string[]): ParsedPhrase | null {
  const count = countOf(words[0]);
  if (count === null) return null;
  const definite = words[0] === 'the';
  let at = 1;
  const extreme = EXTREMES.find((name) => name === words[at]) ?? null;
  if (extreme) at++;
  const attributes: string[] = [];
  while (ADJECTIVES.includes(words[at])) attributes.push(words[at++]);
  const noun = NOUNS.find((name) => words[at] === (count === 1 ? name : plural(name)));
  if (noun === undefined || (extreme && !definite)) return null;
  if (noun !== ANY_SHAPE) attributes.push(noun);
  const rest = words.slice(at + 1);
  if (rest.length === 0) return { definite, count, extreme, attributes, relation: null };
  const relation = parseRelation(rest);
  return relation && { definite, count, extreme, attributes, relation };
}

function countOf(word = ''): number | null {
  if (word === 'a' || word === 'an' || word === 'the') return 1;
  const number = NUMBER_WORDS.indexOf(word);
  return number >= 1 ? number : null;
}

function parseRelation(words: readonly string[]): ParsedPhrase['relation'] {
  const found = RELATION_PHRASES.find(({ said }) => said.every((word, i) => word === words[i]));
  const anchor = found && parseWords(words.slice(found.said.length));
  return found && anchor ? { relation: found.relation, anchor } : null;
}
