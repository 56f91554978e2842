/** Boxes of GRIT records as the model sees their picture: which are left after the crop, and which spans they belong to. */
import type { GritRow } from '../grit/records.ts';
import { CodePoints, maximalSpans, type Span, sameSpan } from '../grit/spans.ts';
import type { Box } from '../grounding/patches.ts';
import { shortestSideSize } from '../image/resize.ts';

/** How a picture is seen. Sizes in pixels after resizing; the offset of the crop is not rounded, for boxes are not pixels. */
export interface BoxView {
  readonly resizedWidth: number;
  readonly resizedHeight: number;
  readonly left: number;
  readonly top: number;
  readonly size: number;
}

/** The view of `trainingCrop`, or with `squash` the whole picture in a square. */
export function boxView(width: number, height: number, size: number, squash = false): BoxView {
  const resized = squash ? { width: size, height: size } : shortestSideSize(width, height, size);
  return {
    resizedWidth: resized.width,
    resizedHeight: resized.height,
    left: (resized.width - size) / 2,
    top: (resized.height - size) / 2,
    size,
  };
}

export interface RegionRules {
  /** Boxes with a lower score are left out. Default 0.65, as in the published training. */
  readonly minScore?: number;
  /** Share of a box that must be left after the crop. Default 0.2. */
  readonly minKeptArea?: number;
  /** Leave out spans that lie inside others. Default true: right for `ref_exps`; for `noun_chunks` the published loader keeps all. */
  readonly maximalOnly?: boolean;
}

/** What became of one row of a record. */
export interface Region extends Span {
  /** Place in the record's list. */
  readonly index: number;
  readonly score: number;
  /** Share of the box that is left after the crop; null where the score decided already. */
  readonly keptArea: number | null;
  /** In fractions of what is seen; null where the row is left out for score or crop. */
  readonly box: Box | null;
  readonly dropped: 'score' | 'crop' | 'contained' | null;
}

/** A span with its boxes in the order of the record. */
export interface RegionGroup extends Span {
  readonly text: string;
  readonly boxes: readonly Box[];
  readonly scores: readonly number[];
}

/** Each row judged by the rules of the published loader, in its order: score, crop, and then spans inside other surviving ones. */
export function seenRegions(rows: readonly GritRow[], view: BoxView, rules: RegionRules = {}): Region[] {
  const { minScore = 0.65, minKeptArea = 0.2, maximalOnly = true } = rules;
  const regions = rows.map((row, index): Region => {
    const [start, end, x1, y1, x2, y2, score] = row;
    if (score < minScore) return { index, start, end, score, keptArea: null, box: null, dropped: 'score' };
    const { box, keptArea } = cropped([x1, y1, x2, y2], view);
    // A box without area has no share of it.
    if (keptArea >= minKeptArea && box[2] > box[0] && box[3] > box[1])
      return { index, start, end, score, keptArea, box, dropped: null };
    return { index, start, end, score, keptArea, box: null, dropped: 'crop' };
  });
  if (!maximalOnly) return regions;
  const kept = new Set(maximalSpans(regions.filter(({ dropped }) => dropped === null)));
  return regions.map((region) =>
    region.dropped === null && !kept.has(region) ? { ...region, dropped: 'contained' } : region,
  );
}

/** Pixels in single precision, areas in double, as in the published loader. */
function cropped([x1, y1, x2, y2]: Box, view: BoxView): { box: Box; keptArea: number } {
  const { resizedWidth, resizedHeight, left, top, size } = view;
  const inside = (value: number) => Math.min(Math.max(value, 0), size);
  const horizontal = (value: number) => inside(Math.fround(Math.fround(value * resizedWidth) - left));
  const vertical = (value: number) => inside(Math.fround(Math.fround(value * resizedHeight) - top));
  const edges = [horizontal(x1), vertical(y1), horizontal(x2), vertical(y2)] as const;
  const [a, b, c, d] = edges;
  const whole = (x2 * resizedWidth - x1 * resizedWidth) * (y2 * resizedHeight - y1 * resizedHeight);
  const box = edges.map((edge) => Math.fround(edge / size)) as unknown as Box;
  return { box, keptArea: whole > 0 ? ((c - a) * (d - b)) / whole : 0 };
}

/** The regions that are left, together where their spans are equal, in the order in which the spans first occur. */
export function groupRegions(regions: readonly Region[], caption: string): RegionGroup[] {
  const points = new CodePoints(caption);
  const left = regions.filter(({ dropped }) => dropped === null);
  const first = left.filter((region, at) => left.findIndex((other) => sameSpan(region, other)) === at);
  return first.map(({ start, end }) => {
    const members = left.filter((region) => sameSpan(region, { start, end }));
    return {
      start,
      end,
      text: points.slice({ start, end }),
      boxes: members.map(({ box }) => box!),
      scores: members.map(({ score }) => score),
    };
  });
}
