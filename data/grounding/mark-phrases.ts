/** Boxes by the words that they belong to: marks phrases of a prompt and gives the list that `insertBoxes` takes. */
import type { BoxReference } from './insert.ts';
import type { Box } from './patches.ts';

export interface PhraseBox {
  /** Words of the prompt; white space around them and differences in its amount do not count. */
  readonly phrase: string;
  readonly box: Box;
}

export interface MarkedPrompt {
  readonly prompt: string;
  /** An entry for every phrase of the prompt, in order. */
  readonly boxes: BoxReference[][];
}

/** A piece of a prompt: a marked phrase (its inner text), or anything else. */
interface Piece {
  readonly text: string;
  readonly isPhrase: boolean;
  readonly boxes: BoxReference[];
}

/**
 * Gives each phrase its boxes, where the prompt has it as `<phrase>…</phrase>`, else where its words first occur, which
 * are then marked. Several boxes of one phrase add up.
 *
 * @throws Error naming a phrase that the prompt does not have, or that has boxes in the prompt already
 */
export function markPhrases(prompt: string, phraseBoxes: readonly PhraseBox[]): MarkedPrompt {
  let pieces = split(prompt);
  for (const { phrase, box } of phraseBoxes) {
    const words = normalized(phrase);
    if (words === '') throw new Error('a box needs the words of the prompt that it belongs to');
    if (!pieces.some((piece) => isNamed(piece, words))) pieces = mark(pieces, words, prompt);
    pieces.find((piece) => isNamed(piece, words))!.boxes.push({ box });
  }
  checkUnboxed(pieces);
  return {
    prompt: pieces.map(({ text, isPhrase }) => (isPhrase ? `<phrase>${text}</phrase>` : text)).join(''),
    boxes: pieces.filter(({ isPhrase }) => isPhrase).map(({ boxes }) => boxes),
  };
}

/** Odd entries of a split at a pattern with one group are what the group caught. */
function split(prompt: string): Piece[] {
  return prompt.split(/<phrase>(.+?)<\/phrase>/).map((text, i) => ({ text, isPhrase: i % 2 === 1, boxes: [] }));
}

function normalized(text: string): string {
  return text.trim().replace(/\s+/gu, ' ');
}

function isNamed({ text, isPhrase }: Piece, words: string): boolean {
  return isPhrase && normalized(text) === words;
}

/** Marks the first occurrence of the words, whole words only and outside of tags. */
function mark(pieces: readonly Piece[], words: string, prompt: string): Piece[] {
  const escaped = words.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&').replaceAll(' ', '\\s+');
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}]|[^<>]*>)`, 'u');
  for (const [i, piece] of pieces.entries()) {
    const found = piece.isPhrase ? null : pattern.exec(piece.text);
    if (!found) continue;
    const end = found.index + found[0].length;
    return [
      ...pieces.slice(0, i),
      { text: piece.text.slice(0, found.index), isPhrase: false, boxes: [] },
      { text: found[0], isPhrase: true, boxes: [] },
      { text: piece.text.slice(end), isPhrase: false, boxes: [] },
      ...pieces.slice(i + 1),
    ];
  }
  throw new Error(`the prompt ${JSON.stringify(prompt)} does not have the phrase ${JSON.stringify(words)}`);
}

function checkUnboxed(pieces: readonly Piece[]): void {
  for (const [i, { text, boxes }] of pieces.entries()) {
    if (boxes.length > 0 && /^\s*<object>/.test(pieces[i + 1]?.text ?? ''))
      throw new Error(`the phrase ${JSON.stringify(normalized(text))} has boxes in the prompt already`);
  }
}
