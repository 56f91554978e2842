/**
 * `grounding.json`: boxes read from outputs, overlaps, recall and accuracy. Sizes of the pictures are looked for in
 * `data/eval/flickr30k_entities` above.
 */
import { join } from 'node:path';
import type { Box } from '../../data/grounding.ts';
import {
  bestOverlap,
  boxesOfPhrase,
  comprehensionAccuracy,
  comprehensionOverlap,
  groundingRecall,
  IOU_THRESHOLD,
  RECALL_RANKS,
  scaleBox,
} from '../../evaluate/metrics/grounding.ts';
import { findAbove } from './above.ts';
import type { GoldenCase } from './case.ts';
import { closeCase } from './close.ts';
import { equalCase, type Json, readJson } from './json.ts';

const TOLERANCE = 1e-9;

export async function checkGrounding(folder: string): Promise<GoldenCase[]> {
  const file = await readJson(join(folder, 'grounding.json'));
  const sections = Object.entries(file as Record<string, Json>);
  const phrases = sections.filter(([, section]) => section.recall !== undefined);
  const expressions = sections.filter(([, section]) => section.accuracy !== undefined);
  return [
    ...(file.iou_cases ?? []).flatMap(checkIou),
    ...(await Promise.all(phrases.map(([name, section]) => checkPhrases(name, section, folder)))).flat(),
    ...expressions.flatMap(([name, section]) => checkExpressions(name, section)),
  ];
}

function checkIou({ predicted, ground_truth, iou, hit }: Json, index: number): GoldenCase[] {
  const value = comprehensionOverlap([predicted], ground_truth).first;
  const name = `grounding.json iou_cases ${index}`;
  return [closeCase(name, value, iou, TOLERANCE), equalCase(`${name} hit`, value >= IOU_THRESHOLD, hit)];
}

async function checkPhrases(label: string, { split, queries, recall }: Json, folder: string): Promise<GoldenCase[]> {
  const data = findAbove(folder, `data/eval/flickr30k_entities/final_flickr_separateGT_${split}.json`);
  const { images } = await readJson(data);
  const sizes = new Map<number, Json>(images.map((image: Json) => [image.original_img_id, image]));
  const read: { predicted: Box[]; truth: Box[]; types: string[] }[] = queries.map((query: Json) => {
    const { width, height } = sizes.get(query.image_id);
    const boxes = boxesOfPhrase(query.output, query.phrase);
    const predicted = boxes.map((box) => scaleBox(box, Number(width), Number(height)));
    return { predicted, truth: query.ground_truth, types: query.types };
  });
  const name = `grounding.json ${label}`;
  const found = groundingRecall(read);
  return [
    ...read.map(({ predicted }, index) =>
      closeCase(`${name} ${index} boxes`, predicted, queries[index].boxes, TOLERANCE),
    ),
    ...RECALL_RANKS.flatMap((rank) => [
      closeCase(
        `${name} overlaps at ${rank}`,
        read.map((query) => bestOverlap(query, rank)),
        queries.map((query: Json) => query.best_iou[rank]),
        TOLERANCE,
      ),
      equalCase(`${name} recall at ${rank}`, found[rank], recall[rank]),
    ]),
  ];
}

function checkExpressions(label: string, { queries, accuracy }: Json): GoldenCase[] {
  const name = `grounding.json ${label}`;
  const boxes: Box[][] = queries.map(({ output, caption, width, height }: Json) =>
    boxesOfPhrase(output, caption).map((box) => scaleBox(box, width, height)),
  );
  const overlaps = boxes.map((predicted, index) => comprehensionOverlap(predicted, queries[index].ground_truth_xyxy));
  const { first, meanBox, best } = comprehensionAccuracy(overlaps);
  return [
    ...boxes.map((predicted, index) => closeCase(`${name} ${index} boxes`, predicted, queries[index].boxes, TOLERANCE)),
    ...overlaps.map((one, index) => {
      const { iou_first, iou_mean_box, iou_best } = queries[index];
      const wanted = [iou_first, iou_mean_box, iou_best];
      return closeCase(`${name} ${index} overlaps`, [one.first, one.meanBox, one.best], wanted, TOLERANCE);
    }),
    equalCase(`${name} accuracy`, { first, mean_box: meanBox, best }, accuracy),
  ];
}
