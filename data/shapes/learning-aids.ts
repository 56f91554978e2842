/** What adjective noise and repainting share. */
import type { Tokenizer } from '../tokenizer.ts';

/** Throws, naming the option, unless `value` can be a share or a chance below 1. */
export function checkShare(name: string, value: number): void {
  if (!(value >= 0 && value < 1))
    throw new Error(`shapes: ${name} must be a number ≥ 0 and < 1, not ${JSON.stringify(value)}`);
}

/** The tokens of words of the world, one each. */
export function idsOfWords(tokenizer: Tokenizer, words: readonly string[]): number[] {
  return words.map((word) => tokenizer.encode(word)[0]);
}
