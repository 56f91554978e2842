/** Puts the location tokens of boxes behind the phrases of a prompt: `<phrase> a dog</phrase><object> … </object>`. */
import { type Box, boxToPatches, DEFAULT_GRID_SIZE, type PatchPair, patchToken } from './patches.ts';

/** One box, by the numbers of its two cells or by its coordinates. */
export type BoxReference = { readonly patch: PatchPair } | { readonly box: Box };

/** The boxes of one phrase; null and an empty list mean none. */
export type PhraseBoxes = null | BoxReference | readonly BoxReference[];

/** The boxes of one text: an entry per `<phrase>…</phrase>`; null and an empty list leave the text as it is. */
export type TextBoxes = null | readonly PhraseBoxes[];

const OPEN = '<phrase>';
const CLOSE = '</phrase>';
const DELIMITER = '</delimiter_of_multi_objects/>';

/**
 * The text with `<object> <patch_index_a> <patch_index_b> </object>` right after each phrase that has boxes; several
 * boxes are separated by `</delimiter_of_multi_objects/>`. A phrase is the shortest run of at least one character other
 * than a line feed between the tags.
 *
 * @throws Error when the number of entries is not that of the phrases, and for a box that is none
 */
export function insertBoxes(text: string, bboxes: TextBoxes | undefined, gridSize = DEFAULT_GRID_SIZE): string {
  if (bboxes === null || bboxes === undefined) return text;
  if (!Array.isArray(bboxes)) {
    throw new Error(`bboxes: a text takes null or a list with one entry per phrase, not ${describe(bboxes)}`);
  }
  if (bboxes.length === 0) return text;
  const ends = phraseEnds(text);
  if (ends.length !== bboxes.length) {
    throw new Error(`bboxes: ${bboxes.length} entries for ${ends.length} ${OPEN}…${CLOSE} in "${shorten(text)}"`);
  }
  let result = '';
  let from = 0;
  for (const [index, end] of ends.entries()) {
    result += text.slice(from, end) + objectTags(bboxes[index], index, gridSize);
    from = end;
  }
  return result + text.slice(from);
}

/** Where each `<phrase>…</phrase>` ends, found in one pass so that many unclosed tags cost no more than their length. */
function phraseEnds(text: string): number[] {
  const ends: number[] = [];
  let lineFeed = text.indexOf('\n');
  let open = text.indexOf(OPEN);
  while (open >= 0) {
    const content = open + OPEN.length;
    if (lineFeed >= 0 && lineFeed < content) lineFeed = text.indexOf('\n', content);
    const close = text.indexOf(CLOSE, content + 1);
    if (close < 0) break;
    const broken = lineFeed >= 0 && lineFeed < close;
    if (!broken) ends.push(close + CLOSE.length);
    open = text.indexOf(OPEN, broken ? lineFeed : close + CLOSE.length);
  }
  return ends;
}

function objectTags(entry: unknown, index: number, gridSize: number): string {
  if (entry === null) return '';
  const references = Array.isArray(entry) ? entry : [entry];
  if (references.length === 0) return '';
  const boxes = references.map((reference) => {
    const [upperLeft, lowerRight] = patchesOf(reference, index, gridSize);
    return `${patchToken(upperLeft)} ${patchToken(lowerRight)}`;
  });
  return `<object> ${boxes.join(` ${DELIMITER} `)} </object>`;
}

function patchesOf(reference: unknown, index: number, gridSize: number): PatchPair {
  const fields = (typeof reference === 'object' && reference !== null ? reference : {}) as Record<string, unknown>;
  if ('patch' in fields !== 'box' in fields) {
    if ('box' in fields) return boxToPatches(fields.box as Box, gridSize);
    return checkedPatches(fields.patch, index, gridSize);
  }
  throw new Error(
    `bboxes[${index}]: { patch: [a, b] } or { box: [x1, y1, x2, y2] } is expected, not ${describe(reference)}`,
  );
}

function checkedPatches(patch: unknown, index: number, gridSize: number): PatchPair {
  const inside = (cell: unknown) => Number.isInteger(cell) && (cell as number) >= 0 && (cell as number) < gridSize ** 2;
  if (!Array.isArray(patch) || patch.length !== 2 || !patch.every(inside)) {
    throw new Error(
      `bboxes[${index}].patch: two cells from 0 to ${gridSize ** 2 - 1} are expected, not ${describe(patch)}`,
    );
  }
  return patch as unknown as PatchPair;
}

function describe(value: unknown): string {
  return shorten(JSON.stringify(value) ?? String(value));
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
