/**
 * The two families of dependency labels in use for English: Universal Dependencies (CoNLL-U, UDPipe, Stanza) and CLEAR, the
 * labels of spaCy's English models. A scheme says which tokens head a noun chunk and what belongs to a phrase, so that the same
 * rules give the same spans from both.
 */

export type SchemeName = 'ud' | 'clear';

export interface Scheme {
  /** Whether a nominal with this relation (for a conjunct: its first conjunct's) heads a noun chunk. */
  headsChunk(relation: string): boolean;
  /** Whether a dependent before the head belongs to the noun chunk. */
  isInChunk(relation: string, headHasCopula: boolean): boolean;
  /** Whether a dependent behind the head belongs to the referring expression. */
  isInExpression(relation: string, headHasCopula: boolean): boolean;
  /** Relation of the second and later conjuncts. */
  conjunct: string;
  /** Relation of a copula to its predicate; null where the copula is the head itself. */
  copula: string | null;
}

/**
 * In Universal Dependencies a nominal predicate heads its whole clause, and prepositions, conjunctions and punctuation hang on the
 * noun: what is no part of the noun phrase is left out by name.
 */
const UNIVERSAL: Scheme = {
  headsChunk(relation) {
    if (UD_NEVER_HEADS.has(relation)) return false;
    return UD_HEADS.has(universalPart(relation));
  },
  isInChunk(relation, headHasCopula) {
    const part = universalPart(relation);
    return !UD_BEFORE_PHRASE.has(part) && !(headHasCopula && part === 'advmod');
  },
  isInExpression(relation, headHasCopula) {
    const part = universalPart(relation);
    return !UD_BEHIND_PHRASE.has(part) && !(headHasCopula && UD_OF_CLAUSE.has(part));
  },
  conjunct: 'conj',
  copula: 'cop',
};

const UD_HEADS = new Set('root nsubj obj iobj obl nmod appos xcomp ccomp acl advcl parataxis'.split(' '));
const UD_NEVER_HEADS = new Set(['obl:unmarked', 'nmod:poss', 'nmod:unmarked', 'nmod:desc']);
const UD_BEFORE_PHRASE = new Set(
  'case mark cc punct nsubj csubj cop aux expl obl advcl discourse vocative dislocated parataxis conj'.split(' '),
);
const UD_BEHIND_PHRASE = new Set(
  'case mark cc conj punct nsubj csubj cop aux expl discourse vocative dislocated parataxis list orphan reparandum'.split(
    ' ',
  ),
);
const UD_OF_CLAUSE = new Set('obl advmod advcl ccomp xcomp obj iobj'.split(' '));

/** The universal part of a label: `nsubj` of `nsubj:pass`. */
function universalPart(relation: string): string {
  const colon = relation.indexOf(':');
  return (colon === -1 ? relation : relation.slice(0, colon)).toLowerCase();
}

/** In CLEAR prepositions and copulas are heads, so that a noun's subtree is its phrase. */
const CLEAR: Scheme = {
  headsChunk: (relation) => CLEAR_HEADS.has(relation.toLowerCase()),
  isInChunk: () => true,
  isInExpression: () => true,
  conjunct: 'conj',
  copula: null,
};

const CLEAR_HEADS = new Set('root nsubj nsubjpass dobj pobj pcomp dative appos attr oprd'.split(' '));

export const SCHEMES: Readonly<Record<SchemeName, Scheme>> = { ud: UNIVERSAL, clear: CLEAR };

const ONLY_UD = new Set('case obj obl nmod cop iobj fixed flat list'.split(' '));
const ONLY_CLEAR = new Set(
  'prep pobj dobj nsubjpass csubjpass auxpass attr pcomp acomp relcl poss prt dative npadvmod oprd'.split(' '),
);

/** Whose labels these are, by those that only one of the two knows; `otherwise` where none of them occurs. */
export function schemeOf(relations: Iterable<string>, otherwise: SchemeName): SchemeName {
  let balance = 0;
  for (const relation of relations) {
    if (relation.includes(':') || ONLY_UD.has(relation)) balance++;
    else if (ONLY_CLEAR.has(relation)) balance--;
  }
  if (balance === 0) return otherwise;
  return balance > 0 ? 'ud' : 'clear';
}
