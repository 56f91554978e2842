/** Noun chunks that no box can be drawn round: abstract nouns and pronouns. */
import shipped from './abstract-nouns.json' with { type: 'json' };
import type { BaseNounPhrase } from './noun-chunks.ts';
import type { Token } from './parse.ts';

/**
 * Lemmas, in lower case, whose chunks are dropped. The paper drops abstract noun phrases and names "time", "love" and "freedom";
 * the list is this project's, in `abstract-nouns.json`, for everybody to edit.
 */
export interface AbstractNouns {
  /** Dropped whatever modifies them: "a long time". */
  head: ReadonlySet<string>;
  /** Dropped only alone or behind determiners: "the top", but not "a pink top". */
  bare: ReadonlySet<string>;
  /** Names of the picture itself, dropped alone or behind determiners and before "of": "an image of", but not "an image on a wall". */
  picture: ReadonlySet<string>;
}

export type Removal = 'abstract' | 'pronoun';

/** The list that is shipped. */
export function shippedAbstractNouns(): AbstractNouns {
  return readAbstractNouns(shipped);
}

/** A list of one's own, in the form of the shipped file: `{"head": [lemma, …], "bare": [lemma, …], "picture": [lemma, …]}`; "picture" may be missing. @throws Error what is wrong */
export function readAbstractNouns(json: unknown): AbstractNouns {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new Error(
      'a list of abstract nouns is an object {"head": [lemma, …], "bare": [lemma, …], "picture": [lemma, …]}',
    );
  }
  const { head, bare, picture = [] } = json as Record<string, unknown>;
  return { head: lemmas(head, 'head'), bare: lemmas(bare, 'bare'), picture: lemmas(picture, 'picture') };
}

/** Why a chunk is dropped; null where it stays. */
export function removalOf(
  { first, head }: BaseNounPhrase,
  tokens: readonly Token[],
  nouns: AbstractNouns,
): Removal | null {
  const { upos, lemma } = tokens[head]!;
  if (upos === 'PRON') return 'pronoun';
  const word = lemma.toLowerCase();
  if (nouns.head.has(word)) return 'abstract';
  const namesPicture = nouns.picture.has(word) && tokens[head + 1]?.lemma.toLowerCase() === 'of';
  if (!namesPicture && !nouns.bare.has(word)) return null;
  return tokens.slice(first, head).every((token) => token.upos === 'DET') ? 'abstract' : null;
}

function lemmas(value: unknown, name: string): Set<string> {
  if (!Array.isArray(value) || !value.every((lemma) => typeof lemma === 'string')) {
    throw new Error(`"${name}" of a list of abstract nouns is a list of lemmas`);
  }
  return new Set(value.map((lemma: string) => lemma.toLowerCase()));
}
