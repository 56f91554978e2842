/** Which of many overlapping boxes stay. */
import { intersectionOverUnion } from '../grounding/iou.ts';
import type { Box } from '../grounding/patches.ts';

/** Two boxes that overlap more than this are taken for the same thing. */
export const DEFAULT_IOU_THRESHOLD = 0.5;
/** Paper, section 2: predictions with a score higher than this are kept. */
export const DEFAULT_SCORE_THRESHOLD = 0.65;

export interface Thresholds {
  /** Greatest intersection over union of two boxes that both stay; default 0.5. */
  iou?: number;
  /** Scores must be greater than this; default 0.65. */
  score?: number;
}

export interface ScoredBox {
  box: Box;
  score: number;
}

/**
 * Greedy non-maximum suppression: boxes by falling score (equal scores: the earlier first), each kept unless its intersection over
 * union with one that was kept is greater than the threshold. What the boxes stand for plays no part, so that of two phrases for
 * one thing the better one stays. Boxes without area overlap with nothing.
 *
 * @returns indices of the boxes that stay, in the order in which they were taken
 */
export function suppressNonMaxima(boxes: readonly ScoredBox[], iouThreshold = DEFAULT_IOU_THRESHOLD): number[] {
  const byScore = [...boxes.keys()].sort((a, b) => boxes[b]!.score - boxes[a]!.score || a - b);
  const kept: number[] = [];
  for (const index of byScore) {
    const { box } = boxes[index]!;
    if (!kept.some((other) => intersectionOverUnion(box, boxes[other]!.box) > iouThreshold)) kept.push(index);
  }
  return kept;
}

/** Suppression, then the score filter, in this order: a box may go for one that then fails the score itself. */
export function keptBoxes(boxes: readonly ScoredBox[], thresholds: Thresholds = {}): number[] {
  const { iou, score = DEFAULT_SCORE_THRESHOLD } = thresholds;
  return suppressNonMaxima(boxes, iou).filter((index) => boxes[index]!.score > score);
}
