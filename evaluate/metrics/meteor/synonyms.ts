/** METEOR's synonym stage: words that share a WordNet synset, by themselves or by their base forms. */

/** WordNet's endings and what base forms have in their place: nouns, verbs, adjectives. */
const ENDINGS: readonly (readonly [string, string])[] = [
  ['s', ''],
  ['ses', 's'],
  ['xes', 'x'],
  ['zes', 'z'],
  ['ches', 'ch'],
  ['shes', 'sh'],
  ['men', 'man'],
  ['ies', 'y'],
  ['es', 'e'],
  ['es', ''],
  ['ed', 'e'],
  ['ed', ''],
  ['ing', 'e'],
  ['ing', ''],
  ['er', ''],
  ['est', ''],
  ['er', 'e'],
  ['est', 'e'],
];

const NONE: readonly number[] = [];

export class Synonyms {
  readonly #synsets: ReadonlyMap<string, readonly number[]>;
  readonly #bases: ReadonlyMap<string, readonly string[]>;

  /**
   * @param synsets numbers of the synsets of each word
   * @param bases base forms of each irregular form
   */
  constructor(synsets: ReadonlyMap<string, readonly number[]>, bases: ReadonlyMap<string, readonly string[]>) {
    this.#synsets = synsets;
    this.#bases = bases;
  }

  /** Numbers of the synsets of a word and of its base forms. */
  synsetsOf(word: string): Set<number> {
    const bases = this.#bases.get(word) ?? [this.#regularBase(word)];
    return new Set([word, ...bases].flatMap((form) => this.#synsets.get(form) ?? NONE));
  }

  /** The first base form by the endings that is a word. */
  #regularBase(word: string): string {
    if (word.endsWith('ss') || word.length <= 2) return word;
    for (const [ending, replacement] of ENDINGS) {
      if (!word.endsWith(ending)) continue;
      const base = word.slice(0, word.length - ending.length) + replacement;
      if (this.#synsets.has(base)) return base;
    }
    return word;
  }
}
