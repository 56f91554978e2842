/** What the network works on and what comes out of it, sentence by sentence. */
import type { Vocabulary } from './vocabulary.ts';

/** Words of one sentence as numbers of their embeddings. */
export interface EncodedSentence {
  readonly words: readonly number[];
  /** By word: affixes and shape. */
  readonly affixes: readonly (readonly number[])[];
}

export function encodeSentence(vocabulary: Vocabulary, forms: readonly string[]): EncodedSentence {
  return {
    words: forms.map((form) => vocabulary.wordId(form)),
    affixes: forms.map((form) => vocabulary.affixIds(form)),
  };
}
