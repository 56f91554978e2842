/** Records of GRIT: a caption, its picture, and boxes for spans of the caption, as the published data set writes them. */
import type { Box } from '../grounding/patches.ts';
import type { CaptionAnalysis } from './analyze.ts';
import { maximalSpans, type Span } from './spans.ts';
import { keptBoxes, type Thresholds } from './suppression.ts';

/** [start, end, x1, y1, x2, y2, score]: a span in code points of the caption, a box in fractions of the picture, 0…1. */
export type GritRow = [start: number, end: number, x1: number, y1: number, x2: number, y2: number, score: number];

/** Row i of `ref_exps` has the box and score of row i of `noun_chunks`; rows are in falling order of scores. */
export interface GroundedRows {
  noun_chunks: GritRow[];
  ref_exps: GritRow[];
}

/** What a record knows of its picture; null where it is not known. */
export interface PictureFacts {
  key: string | null;
  clip_similarity_vitb32: number | null;
  clip_similarity_vitl14: number | null;
  /** 64 bits; a bigint only where a number would not be exact. */
  id: number | bigint | null;
  url: string | null;
  /** Pixels. */
  width: number | null;
  height: number | null;
}

/** The columns and their order are the published data set's. */
export interface GritRecord extends PictureFacts, GroundedRows {
  caption: string;
}

export const GRIT_COLUMNS = [
  'key',
  'clip_similarity_vitb32',
  'clip_similarity_vitl14',
  'id',
  'url',
  'caption',
  'width',
  'height',
  'noun_chunks',
  'ref_exps',
] as const satisfies readonly (keyof GritRecord)[];

/** A box that a grounder found for a noun chunk. */
export interface Detection {
  /** Index into the caption's noun chunks. */
  chunk: number;
  /** Fractions of the picture. */
  box: Box;
  /** The grounder's confidence, 0…1. */
  score: number;
}

/**
 * The rows of a caption: suppression across all its chunks, then only scores above the threshold (paper, section 2, step 1), and the
 * boxes carried over from the chunks to their expressions (step 2). Detections of chunks that were dropped are ignored.
 *
 * @returns null when no box is left, so that the pair is discarded
 */
export function groundedRows(
  { nounChunks, expressions }: CaptionAnalysis,
  detections: readonly Detection[],
  thresholds: Thresholds = {},
): GroundedRows | null {
  const expressionOf = new Map(expressions.map((expression) => [expression.chunk, expression]));
  const usable = detections.filter(({ chunk }) => expressionOf.has(chunk));
  const kept = keptBoxes(usable, thresholds).map((index) => usable[index]!);
  if (kept.length === 0) return null;
  return {
    noun_chunks: kept.map((detection) => row(nounChunks[detection.chunk]!, detection)),
    ref_exps: kept.map((detection) => row(expressionOf.get(detection.chunk)!, detection)),
  };
}

/** The rows whose span no other row's contains; the published files still hold the rest. */
export function maximalRows(rows: readonly GritRow[]): GritRow[] {
  return maximalSpans(rows.map((one) => ({ start: one[0], end: one[1], one }))).map(({ one }) => one);
}

function row({ start, end }: Span, { box, score }: Detection): GritRow {
  return [start, end, ...box, score];
}
