/** A text with tags around some of its spans: tokenised as a whole, the tags put between its tokens (the published loader's way). */
import { CodePoints, type Span } from '../grit/spans.ts';
import { type Box, boxToTrainingPatches } from '../grounding/patches.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { patchId, type SequenceContext, tagId } from './tags.ts';

/** A span of a text that gets boxes; without any it is a phrase without an object. */
export interface TaggedSpan extends Span {
  readonly boxes: readonly Box[];
}

export interface TokenRange {
  readonly from: number;
  /** One behind the last. */
  readonly to: number;
}

/** Ids of a text that is nothing but text: tags in it are ordinary characters. */
export function plainIds(tokenizer: Tokenizer, text: string): number[] {
  return tokenizer.encode(text, { literalTags: true });
}

/**
 * Which of a text's tokens a span covers: as many as the text before its start has, up to as many as the text before its end has. A
 * start within a word takes the word's last token from the left side.
 *
 * @returns null for a span that cuts a word so that its place cannot be told
 */
export function tokenRange(tokenizer: Tokenizer, text: CodePoints, { start, end }: Span): TokenRange | null {
  const before = plainIds(tokenizer, text.slice({ start: 0, end: start }));
  const through = plainIds(tokenizer, text.slice({ start: 0, end }));
  const isPrefix = (length: number) => before.slice(0, length).every((id, at) => id === through[at]);
  if (isPrefix(before.length)) return { from: before.length, to: through.length };
  return isPrefix(before.length - 1) ? { from: before.length - 1, to: through.length } : null;
}

/**
 * Ids of a text with `<phrase>` before and `</phrase>` and the objects after each span. Of spans that share tokens the first one is
 * kept (the published loader writes unbalanced tags there); a span without tokens is left out.
 *
 * @param spans in any order; offsets in code points
 * @returns null where a span cannot be placed; the published loader drops such a sample
 */
export function taggedIds(text: string, spans: readonly TaggedSpan[], context: SequenceContext): number[] | null {
  const { tokenizer } = context;
  const points = new CodePoints(text);
  const plain = plainIds(tokenizer, text);
  const ids: number[] = [];
  let at = 0;
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const range = tokenRange(tokenizer, points, span);
    if (range === null) return null;
    if (range.from < at || range.to <= range.from) continue;
    ids.push(...plain.slice(at, range.from), tagId(tokenizer, 'phrase'), ...plain.slice(range.from, range.to));
    ids.push(tagId(tokenizer, 'phraseEnd'), ...objectIds(span.boxes, context));
    at = range.to;
  }
  return [...ids, ...plain.slice(at)];
}

/** `<object>` a b, further boxes each behind a delimiter, `</object>`; nothing for no box. */
export function objectIds(boxes: readonly Box[], { tokenizer, gridSize }: SequenceContext): number[] {
  if (boxes.length === 0) return [];
  const ids = [tagId(tokenizer, 'object')];
  for (const [index, box] of boxes.entries()) {
    if (index > 0) ids.push(tagId(tokenizer, 'delimiter'));
    for (const cell of boxToTrainingPatches(box, gridSize)) ids.push(patchId(tokenizer, cell));
  }
  return [...ids, tagId(tokenizer, 'objectEnd')];
}
