/** `nms.json` and `records.json`: suppression, the score filter, and whole records. */
import { join } from 'node:path';
import { groundedRows, maximalRows } from '../../data/grit/records.ts';
import { keptBoxes, type ScoredBox, suppressNonMaxima } from '../../data/grit/suppression.ts';
import type { GoldenCase } from './case.ts';
import { analyzedCaptions, missingCase } from './grit-captions.ts';
import { equalCase, type Json, readJson } from './json.ts';

export async function checkSuppression(folder: string): Promise<GoldenCase[]> {
  const { cases } = await readJson(join(folder, 'nms.json'));
  return cases.flatMap((entry: Json) => {
    const boxes: ScoredBox[] = entry.boxes.map((box: Json, index: number) => ({ box, score: entry.scores[index] }));
    const keptNms = suppressNonMaxima(boxes, entry.iou_threshold);
    const kept = keptBoxes(boxes, { iou: entry.iou_threshold, score: entry.score_threshold });
    const name = `nms.json ${entry.name}`;
    return [
      equalCase(`${name} kept_nms`, keptNms, entry.kept_nms),
      equalCase(`${name} kept`, kept, entry.kept),
      equalCase(`${name} record`, kept.length > 0 ? 'kept' : 'dropped', entry.record),
    ];
  });
}

export async function checkRecords(folder: string): Promise<GoldenCase[]> {
  const { records } = await readJson(join(folder, 'records.json'));
  const analyses = await analyzedCaptions(folder);
  return records.map((entry: Json) => {
    const name = `records.json ${entry.name}`;
    const analysis = analyses.get(entry.id);
    if (analysis === undefined) return missingCase(name);
    const thresholds = { iou: entry.iou_threshold, score: entry.score_threshold };
    const rows = groundedRows(analysis, entry.detections, thresholds);
    return equalCase(name, rows && { ...rows, ref_exps_maximal: maximalRows(rows.ref_exps) }, entry.expected);
  });
}
