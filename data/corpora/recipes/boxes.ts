/** The rows of boxes in a record, and what is left of them in the picture as it is seen. */
import type { GritRow } from '../../grit/records.ts';
import { countCodePoints } from '../../grit/spans.ts';
import type { LoadedPicture } from '../picture.ts';
import { Unusable } from '../problems.ts';
import { boxView, groupRegions, type RegionGroup, seenRegions } from '../regions.ts';
import { captionOf } from './captions.ts';
import type { RecipeInput } from './recipe.ts';

/**
 * The rows of `ref_exps` or `noun_chunks` that can be used; the others are reported. A box may reach over the edges.
 *
 * @throws Unusable for a record without the list
 */
export function boxRows({ row, config, report }: RecipeInput): GritRow[] {
  const name = config.spans === 'expressions' ? 'ref_exps' : 'noun_chunks';
  const list = listIn(row[name]);
  if (list === null) throw new Unusable('record without boxes', `it has no list ${name}`);
  const length = countCodePoints(captionOf(row));
  return list.flatMap((value, index) => {
    const checked = checkedRow(value, length);
    if (!(checked instanceof Unusable)) return [checked];
    report(new Unusable(checked.reason, `${name}[${index}]`));
    return [];
  });
}

/** The groups of spans with boxes that the view of a picture leaves. */
export function groupsSeen(
  rows: readonly GritRow[],
  { width, height }: LoadedPicture,
  { row, config, context }: RecipeInput,
): RegionGroup[] {
  const view = boxView(width, height, context.imageSize, config.imageOnlyResize);
  const { minScore, minKeptArea, spans } = config;
  const regions = seenRegions(rows, view, { minScore, minKeptArea, maximalOnly: spans === 'expressions' });
  return groupRegions(regions, captionOf(row));
}

/** Some tools write lists into files as texts of JSON. */
function listIn(value: unknown): unknown[] | null {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'string') return null;
  try {
    const list = JSON.parse(value);
    return Array.isArray(list) ? list : null;
  } catch {
    return null;
  }
}

function checkedRow(value: unknown, captionLength: number): GritRow | Unusable {
  const numbers = Array.isArray(value) ? value.map((one) => (typeof one === 'bigint' ? Number(one) : one)) : [];
  if (numbers.length !== 7 || !numbers.every(Number.isFinite)) return new Unusable('box that is not seven numbers');
  const [start, end, x1, y1, x2, y2] = numbers as GritRow;
  const isSpan = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= captionLength;
  if (!isSpan) return new Unusable('box with a span that is not in the caption');
  if (!(x2 > x1 && y2 > y1)) return new Unusable('box that is inverted or has no area');
  if (x2 <= 0 || y2 <= 0 || x1 >= 1 || y1 >= 1) return new Unusable('box outside the picture');
  return numbers as GritRow;
}
