/** Keeps what somebody typed apart from tags when text is read back from ids. */
import type { Tokenizer } from '../tokenizer.ts';

/** Stands for a hidden sign: the last character of the private use area, which is in no vocabulary. */
const STAND_IN = '\u{10fffd}';

/**
 * Hides the `<` characters of ordinary tokens from everything that looks for tags. Ids go in by `push`, the decoded text through
 * `hide` in the same order, in pieces of any size; `reveal` undoes it.
 */
export class LiteralText {
  readonly #tokenizer: Tokenizer;
  /** For each `<` that the ids decode to and that has not come yet: whether it is hidden. */
  readonly #marks: boolean[] = [];

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** Notes the next ids. With `literal`, ordinary tokens among them are text, whatever they spell. */
  push(ids: Iterable<number>, literal: boolean): void {
    for (const id of ids) {
      const text = this.#tokenizer.decode([id], { cleanUpSpaces: false });
      const count = text.split('<').length - 1;
      const hidden = literal && count > 0 && !this.#isTag(id, text.trim());
      for (let i = 0; i < count; i++) this.#marks.push(hidden);
    }
  }

  hide(text: string): string {
    return text.replace(/</g, (sign) => (this.#marks.shift() ? STAND_IN : sign));
  }

  reveal(text: string): string {
    return text.replaceAll(STAND_IN, '<');
  }

  /** An added token that reads `<…>`: what the text is as a tag, and is not as text. */
  #isTag(id: number, text: string): boolean {
    const encode = (literalTags: boolean) => this.#tokenizer.encode(text, { literalTags });
    return /^<[^<>]+>$/.test(text) && encode(false).includes(id) && !encode(true).includes(id);
  }
}
