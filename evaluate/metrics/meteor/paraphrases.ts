/** METEOR's paraphrase table: which phrases may stand for which. */

/** Phrases as words joined by single spaces. */
export class Paraphrases {
  readonly #byPhrase = new Map<string, string[][]>();
  #longest = 0;

  /** Number of pairs. */
  get size(): number {
    return [...this.#byPhrase.values()].reduce((sum, list) => sum + list.length, 0);
  }

  add(phrase: readonly string[], paraphrase: readonly string[]): void {
    const key = phrase.join(' ');
    const list = this.#byPhrase.get(key) ?? [];
    list.push([...paraphrase]);
    this.#byPhrase.set(key, list);
    this.#longest = Math.max(this.#longest, phrase.length);
  }

  /** The phrases that start at a word and have paraphrases, shortest first: their lengths and paraphrases. */
  *startingAt(words: readonly string[], start: number): Generator<{ length: number; paraphrase: readonly string[] }> {
    for (let length = 1; length <= Math.min(this.#longest, words.length - start); length++) {
      const list = this.#byPhrase.get(words.slice(start, start + length).join(' ')) ?? [];
      for (const paraphrase of list) yield { length, paraphrase };
    }
  }
}
