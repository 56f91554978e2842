/**
 * Adjectives of a response that are read as others of their kind, while what is to be written stays as it is. Training never shows
 * some pairs of colour and shape, so a decoder learns never to write them, whatever it sees; where the colour before a shape cannot
 * be relied on, it has to look. A kind of word dropout (Bowman et al. 2016, arXiv 1511.06349, section 3.1).
 */
import type { TrainingSequence } from '../corpora/example.ts';
import type { Random } from '../random.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { COLORS, SIZES, TEXTURES } from './attributes.ts';
import { checkShare, idsOfWords } from './learning-aids.ts';

export class AdjectiveNoise {
  readonly #chance: number;
  /** Of each adjective, the others of its kind. */
  readonly #others: ReadonlyMap<number, readonly number[]>;

  /** @param chance with which an adjective is read as another one */
  constructor(tokenizer: Tokenizer, chance: number) {
    checkShare('adjectiveNoise', chance);
    this.#chance = chance;
    const kinds = [COLORS, SIZES, TEXTURES].map((words) => idsOfWords(tokenizer, words));
    this.#others = new Map(kinds.flatMap((ids) => ids.map((id) => [id, ids.filter((other) => other !== id)])));
  }

  /** The sequence, read with noise where its tokens were to be predicted; itself without any. */
  of(sequence: TrainingSequence, random: Random): TrainingSequence {
    if (this.#chance === 0) return sequence;
    const { ids, lossMask } = sequence;
    const readIds = ids.map((id, i) => {
      const others = lossMask[i - 1] === 1 ? this.#others.get(id) : undefined;
      return others && random.chance(this.#chance) ? random.pick(others) : id;
    });
    return { ...sequence, readIds };
  }
}
