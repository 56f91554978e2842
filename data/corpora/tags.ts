/** The special tokens of training sequences, by their ids. */
import { patchToken } from '../grounding/patches.ts';
import type { Tokenizer } from '../tokenizer.ts';

/** What has to be known to write a token sequence. */
export interface SequenceContext {
  readonly tokenizer: Tokenizer;
  /** Pixels of a side of the square that the model sees. */
  readonly imageSize: number;
  /** Cells a side of the grid of location tokens. */
  readonly gridSize: number;
  /** Slots of a picture: the vectors that the model makes of it. */
  readonly latents: number;
  /** Most tokens of a sequence, `<s>` and `</s>` among them. */
  readonly sequenceLength: number;
}

export const TAGS = {
  image: '<image>',
  imageEnd: '</image>',
  lineEnd: '</line>',
  phrase: '<phrase>',
  phraseEnd: '</phrase>',
  object: '<object>',
  objectEnd: '</object>',
  delimiter: '</delimiter_of_multi_objects/>',
  grounding: '<grounding>',
} as const;

/** @throws Error naming a tag that the tokenizer does not have */
export function tagId(tokenizer: Tokenizer, tag: keyof typeof TAGS): number {
  return tokenId(tokenizer, TAGS[tag]);
}

/** @throws Error naming a cell that the tokenizer has no token for */
export function patchId(tokenizer: Tokenizer, cell: number): number {
  return tokenId(tokenizer, patchToken(cell));
}

/** `<s>`, `</s>` or `<pad>`. @throws Error where the tokenizer does not have it */
export function endId(tokenizer: Tokenizer, which: 'bos' | 'eos' | 'pad'): number {
  const id = tokenizer[`${which}Id`];
  if (id === null) throw new Error(`training data: the tokenizer has no token for ${which}`);
  return id;
}

function tokenId(tokenizer: Tokenizer, token: string): number {
  const id = tokenizer.tokenToId(token);
  if (id === undefined) throw new Error(`training data: the tokenizer has no token ${token}`);
  return id;
}
