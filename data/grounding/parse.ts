/**
 * From a model's output to clean text, phrases and boxes: the reference's `post_process_generation`, to the letter.
 *
 * Spans count Unicode code points of the clean text, as Python does, not UTF-16 units.
 */
import { leadingWhiteSpace, strip, trailingWhiteSpace } from '../white-space.ts';
import { type Box, DEFAULT_GRID_SIZE, patchesToBox } from './patches.ts';

export interface Entity {
  /** The phrase; for boxes without a phrase `<patch_index_44><patch_index_863>`. */
  text: string;
  /** First code point and the one after the last, in the clean text; empty for boxes without a phrase. */
  span: [start: number, end: number];
  boxes: Box[];
}

export interface GroundedText {
  text: string;
  entities: Entity[];
}

export interface PostProcessOptions {
  /** False: only cut off everything up to the last `</image>`; tags stay and no entities are read. Default true. */
  cleanup?: boolean;
  /** Cells per side of the location tokens. Default 32. */
  gridSize?: number;
}

const PATCH = '<patch_index_\\d+>';
const PAIR = `${PATCH}${PATCH}`;

/** `<phrase>` text `</phrase>` (may be missing), `<object>`, pairs of cells with delimiters between them, `</object>`. */
const ENTITY = `(<phrase>([^<]+)</phrase>)?<object>((?:${PAIR}</delimiter_of_multi_objects/>)*${PAIR})</object>`;

/**
 * Reads what a model wrote.
 *
 * Everything up to the last `</image>` goes; tags go (every shortest `<…>` on one line); an entity is a phrase directly
 * followed by its boxes, or boxes alone. What does not fit the grammar stays as plain text, as do cell numbers too long
 * to be exact. Cell numbers are not checked otherwise: a model may name a cell outside the picture or swap the corners,
 * and the boxes say so.
 *
 * @param text decoded output, prompt included or not
 */
export function postProcessGeneration(text: string, options: PostProcessOptions = {}): GroundedText {
  const caption = text.slice(endOfLast(text, '</image>'));
  if (options.cleanup === false) return { text: caption, entities: [] };
  const gridSize = options.gridSize ?? DEFAULT_GRID_SIZE;
  const tags = findTags(caption);
  const cleanOffset = cleanOffsets(caption, tags);
  const entities: Entity[] = [];
  for (const match of caption.matchAll(new RegExp(ENTITY, 'gu'))) {
    const [, phraseTag, phrase, content] = match;
    const pairs = readPairs(content);
    if (!pairs.flat().every(Number.isSafeInteger)) continue;
    if (phraseTag === undefined) {
      const at = cleanOffset(match.index);
      for (const [a, b] of pairs) {
        const name = `<patch_index_${a}><patch_index_${b}>`;
        entities.push({ text: name, span: [at, at], boxes: [patchesToBox([a, b], gridSize)] });
      }
      continue;
    }
    const start = match.index + '<phrase>'.length;
    const span: [number, number] = [cleanOffset(start), cleanOffset(start + phrase.length)];
    entities.push({ text: phrase, span, boxes: pairs.map((pair) => patchesToBox(pair, gridSize)) });
  }
  return stripped(withoutTags(caption, tags), entities);
}

function endOfLast(text: string, tag: string): number {
  const at = text.lastIndexOf(tag);
  return at < 0 ? 0 : at + tag.length;
}

type Range = readonly [start: number, end: number];

/** Every shortest `<…>` without a line feed, from left to right. */
function findTags(text: string): Range[] {
  const tags: Range[] = [];
  let close = -1;
  let lineFeed = -1;
  let open = text.indexOf('<');
  while (open >= 0) {
    if (close < open) close = text.indexOf('>', open);
    if (close < 0) break;
    if (lineFeed < open) lineFeed = indexOrEnd(text, '\n', open);
    if (close < lineFeed) tags.push([open, close + 1]);
    open = text.indexOf('<', close < lineFeed ? close + 1 : lineFeed);
  }
  return tags;
}

function indexOrEnd(text: string, character: string, from: number): number {
  const at = text.indexOf(character, from);
  return at < 0 ? text.length : at;
}

function withoutTags(text: string, tags: readonly Range[]): string {
  let clean = '';
  let from = 0;
  for (const [start, end] of tags) {
    clean += text.slice(from, start);
    from = end;
  }
  return clean + text.slice(from);
}

/**
 * A function that gives, for rising positions in the text, the number of code points before it when the tags that end
 * there or before are taken out.
 */
function cleanOffsets(text: string, tags: readonly Range[]): (position: number) => number {
  let counted = 0;
  let at = 0;
  let tag = 0;
  return (position) => {
    for (; tag < tags.length && tags[tag][1] <= position; tag++) {
      counted += codePoints(text, at, tags[tag][0]);
      at = tags[tag][1];
    }
    return counted + codePoints(text, at, position);
  };
}

function codePoints(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) {
    if (text.codePointAt(at)! > 0xffff) at++;
    count++;
  }
  return count;
}

function readPairs(content: string): [number, number][] {
  const numbers = content.match(/\d+/g)!.map(Number);
  return Array.from({ length: numbers.length / 2 }, (_, pair) => [numbers[2 * pair], numbers[2 * pair + 1]]);
}

/** Strips the text; spans move with it and shrink to the stripped phrase. */
function stripped(text: string, entities: readonly Entity[]): GroundedText {
  const leading = leadingWhiteSpace(text);
  return {
    text: strip(text),
    entities: entities.map(({ text: name, span: [start, end], boxes }) => ({
      text: strip(name),
      span: [start - leading + leadingWhiteSpace(name), end - leading - trailingWhiteSpace(name)],
      boxes,
    })),
  };
}
