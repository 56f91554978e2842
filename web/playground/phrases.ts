/** A grounded text in pieces: plain words, and phrases that have boxes. */
import type { Entity } from '../../index.ts';

export interface TextPiece {
  readonly text: string;
  /** Number of the entity that it belongs to, or null. */
  readonly entity: number | null;
}

/** Spans count code points. Where they overlap, the first phrase has the words; boxes without a phrase have a piece without text. */
export function piecesOf(text: string, entities: readonly Entity[]): TextPiece[] {
  const characters = Array.from(text);
  const ordered = [...entities.entries()].sort(([, a], [, b]) => a.span[0] - b.span[0]);
  const pieces: TextPiece[] = [];
  let at = 0;
  for (const [entity, { span }] of ordered) {
    const [start, end] = span;
    if (start < at) continue;
    if (start > at) pieces.push({ text: characters.slice(at, start).join(''), entity: null });
    pieces.push({ text: characters.slice(start, end).join(''), entity });
    at = end;
  }
  if (at < characters.length) pieces.push({ text: characters.slice(at).join(''), entity: null });
  return pieces;
}

/** Leaves out everything up to and including `words`, and what lies in it. */
export function textBehind(
  words: string,
  text: string,
  entities: readonly Entity[],
): { text: string; entities: Entity[] } {
  const found = text.indexOf(words);
  if (found < 0) return { text, entities: [...entities] };
  const behind = text.slice(found + words.length).replace(/^\s+/, '');
  const cut = Array.from(text).length - Array.from(behind).length;
  const kept = entities.filter(({ span }) => span[0] >= cut);
  return {
    text: behind,
    entities: kept.map((entity) => ({ ...entity, span: [entity.span[0] - cut, entity.span[1] - cut] })),
  };
}
