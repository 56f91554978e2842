/** Boxes out of a prediction: from what the model wrote, or given. */
import type { Box } from '../../data/grounding.ts';
import type { ProblemKind } from '../data/data-set.ts';
import type { Row } from '../data/fields.ts';
import { boxesOfPhrase, scaleBox } from '../metrics/grounding.ts';

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
  size: { readonly width: number; readonly height: number } | null,
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

function wellFormed(boxes: readonly unknown[], report: (kind: ProblemKind, message: string) => void): Box[] {
  return boxes.filter((box): box is Box => {
    const isBox = Array.isArray(box) && box.length === 4 && box.every((value) => Number.isFinite(value));
    if (!isBox) report('malformed box', `${JSON.stringify(box)} is not four numbers; it counts as a miss`);
    return isBox;
  });
}
