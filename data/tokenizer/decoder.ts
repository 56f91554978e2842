/** The `decoder` of a `tokenizer.json`, whole and as a stream, and the reference's clean-up of spaces. */
import { objectAt, typeAt, unknownComponent } from './fields.ts';
import { readMetaspace } from './pre-tokenizer.ts';

/** Text of one token; `first` for the first token of an output. */
export type TokenDecoder = (token: string, first: boolean) => string;

/** @throws Error naming a component other than `Metaspace` */
export function buildTokenDecoder(component: unknown): TokenDecoder {
  const fields = objectAt(component, 'decoder');
  const type = typeAt(fields, 'decoder');
  if (type !== 'Metaspace') unknownComponent('decoder', type, 'Metaspace');
  const { replacement, prepend } = readMetaspace(fields, 'decoder');
  return (token, first) => token.replaceAll(replacement, first && prepend ? '' : ' ');
}

/** What `cleanUpSpaces` replaces, in this order (transformers' `clean_up_tokenization`). */
const CLEAN_UP: readonly (readonly [string, string])[] = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

/** Removes the spaces before punctuation and English contractions that joining tokens leaves behind. */
export function cleanUpSpaces(text: string): string {
  return CLEAN_UP.reduce((current, [from, to]) => current.replaceAll(from, to), text);
}

/** Every character that a clean-up rule can touch or look at. */
const CLEAN_UP_CHARACTERS = new Set(CLEAN_UP.flatMap(([from]) => [...from]));

/**
 * How much of a text can be cleaned up now, whatever comes after it.
 *
 * No rule reaches across a character that occurs in none of them, nor across three characters that are no spaces: a rule
 * begins with a space, holds at most three other characters, and removes only spaces. From such a place on, only a
 * space can begin something that later text completes.
 */
export function settledLength(text: string): number {
  const space = text.indexOf(' ', lastBarrier(text));
  return space < 0 ? text.length : space;
}

function lastBarrier(text: string): number {
  let run = 0;
  for (let end = text.length; end > 0; end--) {
    const last = text[end - 1];
    if (!CLEAN_UP_CHARACTERS.has(last)) return end;
    run = last === ' ' ? 0 : run + 1;
    if (run === 3) return end + 2;
  }
  return 0;
}

/** Turns ids into text as they come. What all calls return, joined, equals `decode` of all the ids. */
export class StreamDecoder {
  readonly #textOf: (id: number, first: boolean) => string | null;
  readonly #cleanUp: boolean;
  #pending = '';
  #first = true;

  /** @param textOf text of an id, or null where the id is left out of the output */
  constructor(textOf: (id: number, first: boolean) => string | null, cleanUp: boolean) {
    this.#textOf = textOf;
    this.#cleanUp = cleanUp;
  }

  /** Takes the next id; returns the text that no later id can change any more (often the word before). */
  push(id: number): string {
    const text = this.#textOf(id, this.#first);
    if (text === null) return '';
    this.#first = false;
    if (!this.#cleanUp) return text;
    this.#pending += text;
    const settled = settledLength(this.#pending);
    const ready = cleanUpSpaces(this.#pending.slice(0, settled));
    this.#pending = this.#pending.slice(settled);
    return ready;
  }

  /** The rest of the text. The decoder then stands at the beginning of a new text. */
  finish(): string {
    const rest = cleanUpSpaces(this.#pending);
    this.#pending = '';
    this.#first = true;
    return rest;
  }
}
