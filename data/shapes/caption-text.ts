/** Text with boxes for some of its words, and its tagged form. */
import { type BoxReference, insertBoxes } from '../grounding/insert.ts';
import { type Box, boxToTrainingPatches } from '../grounding/patches.ts';
import { boxOf, type SceneObject } from './scene.ts';

/** Words of a text that stand for objects. */
export interface GroundedPhrase {
  /** First code point and the one after the last. */
  readonly span: readonly [start: number, end: number];
  /** From left to right. */
  readonly boxes: readonly Box[];
}

export interface PhrasedText {
  readonly text: string;
  readonly phrases: readonly GroundedPhrase[];
}

/** A stretch of text: plain words, or a phrase with the objects that it stands for. */
export type Part = string | { readonly phrase: string; readonly objects: readonly SceneObject[] };

/** All of the words are ASCII, so a code point is a UTF-16 unit. */
export function joinParts(parts: readonly Part[]): PhrasedText {
  let text = '';
  const phrases: GroundedPhrase[] = [];
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    phrases.push({ span: [text.length, text.length + part.phrase.length], boxes: part.objects.map(boxOf) });
    text += part.phrase;
  }
  return { text, phrases };
}

/** The text with `<phrase>` tags and location tokens, by the rule of training data (floor). */
export function taggedText({ text, phrases }: PhrasedText, gridSize: number): string {
  let marked = '';
  let from = 0;
  for (const {
    span: [start, end],
  } of phrases) {
    marked += `${text.slice(from, start)}<phrase>${text.slice(start, end)}</phrase>`;
    from = end;
  }
  marked += text.slice(from);
  return insertBoxes(
    marked,
    phrases.map(({ boxes }) => boxes.map((box) => locationOf(box, gridSize))),
    gridSize,
  );
}

function locationOf(box: Box, gridSize: number): BoxReference {
  return { patch: boxToTrainingPatches(box, gridSize) };
}
