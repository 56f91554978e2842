/** Tasks that ask for the boxes of a phrase: how they are asked for, read from a prediction, and shown. */
import type { Box } from '../../data/grounding.ts';
import type { ProblemKind } from '../data/data-set.ts';
import type { Row } from '../data/fields.ts';
import type { Shown } from '../exhibit.ts';
import { boxesOfEntities, boxesOfPhrase, scaleBox } from '../metrics/grounding.ts';
import type { Decoding, PictureOf, Writing } from '../run/asking.ts';

type Size = { readonly width: number; readonly height: number };

/** A row that asks for a phrase's boxes in a picture of a size that the data may not tell. */
interface PhraseItem {
  readonly phrase: string;
  readonly size: Size | null;
}

/** As in the published evaluations: greedy, to `</s>` or 500 tokens, the prompt's among them. */
const DECODING: Decoding = { maxNewTokens: 500, maxTokens: 500 };

export function findPhrase<T extends PhraseItem>(how: {
  readonly pictureOf: PictureOf<T>;
  readonly promptOf: (item: T) => string;
}): Writing<T> {
  return {
    kind: 'writing',
    pictureOf: how.pictureOf,
    decoding: DECODING,
    ask: (item) => ({ prompt: how.promptOf(item) }),
    predict({ raw, entities }, item, { width, height }) {
      const boxes = boxesOfEntities(entities, item.phrase);
      if (item.size) return { text: raw, boxes };
      return { text: raw, pixels: boxes.map((box) => scaleBox(box, width, height)) };
    },
  };
}

/** Boxes in pixels of a picture of that size; null stands for the size that the file has. */
export function shownBoxes(
  isRight: boolean,
  phrase: string,
  predicted: readonly Box[],
  truth: readonly Box[],
  size: Size | null,
): Shown {
  return {
    isRight,
    expected: [],
    predicted: [{ label: phrase, boxes: predicted }],
    truth: [{ label: phrase, boxes: truth }],
    size,
  };
}

export const BOXES_FORM =
  '"text": all that the model wrote, prompt included; or "boxes": [[x1, y1, x2, y2], …] in fractions of the picture; or ' +
  '"pixels": the same in pixels';

/**
 * Boxes in pixels, in their order. A malformed box is left out, which makes it a miss, and reported.
 *
 * @throws Error when the prediction holds none of the three forms, or the size of the picture is needed and unknown
 */
export function predictedBoxes(
  row: Row,
  phrase: string,
  size: Size | null,
  report: (kind: ProblemKind, message: string) => void,
): Box[] {
  if (Array.isArray(row.pixels)) return wellFormed(row.pixels, report);
  const fractions = Array.isArray(row.boxes)
    ? wellFormed(row.boxes, report)
    : typeof row.text === 'string'
      ? boxesOfPhrase(row.text, phrase)
      : null;
  if (fractions === null) throw new Error('"text", "boxes" or "pixels" is expected');
  if (size === null) {
    throw new Error('the data does not tell the size of the picture: give "pixels", or data in MDETR\'s form');
  }
  return fractions.map((box) => scaleBox(box, size.width, size.height));
}

/** One that is no box keeps its place among the others, as a box that overlaps with nothing. */
function wellFormed(boxes: readonly unknown[], report: (kind: ProblemKind, message: string) => void): Box[] {
  return boxes.map((box): Box => {
    const isBox = Array.isArray(box) && box.length === 4 && box.every((value) => Number.isFinite(value));
    if (isBox) return box as unknown as Box;
    report('malformed box', `${JSON.stringify(box)} is not four numbers; it counts as a miss`);
    return [0, 0, 0, 0];
  });
}
