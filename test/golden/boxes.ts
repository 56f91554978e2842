/** `boxes.json`: boxes to cells by both rules, cells to boxes, intersection over union. */
import { join } from 'node:path';
import {
  type Box,
  boxToPatches,
  boxToTrainingPatches,
  intersectionOverUnion,
  type PatchPair,
  patchesToBox,
} from '../../data/grounding.ts';
import type { GoldenCase } from './case.ts';
import { equalCase, type Json, messageOf, readJson, refusedCase } from './json.ts';

const IOU_TOLERANCE = 1e-12;

export async function checkBoxes(folder: string): Promise<GoldenCase[]> {
  const { grid, coordinate_to_index, index_to_coordinate, iou } = await readJson(join(folder, 'boxes.json'));
  return [
    ...coordinate_to_index.flatMap((entry: Json, index: number) => [
      checkRule(`boxes.json coordinate_to_index ${index} hf_ceil`, entry, entry.hf_ceil, () =>
        boxToPatches(entry.box, grid),
      ),
      checkRule(`boxes.json coordinate_to_index ${index} unilm_floor`, entry, entry.unilm_floor, () =>
        boxToTrainingPatches(entry.box, grid),
      ),
    ]),
    ...index_to_coordinate.map((entry: Json, index: number) =>
      equalCase(`boxes.json index_to_coordinate ${index}`, patchesToBox(entry.pair, grid), entry.box),
    ),
    ...iou.map((entry: Json, index: number) => checkIou(`boxes.json iou ${index}`, entry)),
  ];
}

/** Outside the contract the recorded value may be given or the box refused. */
function checkRule(name: string, entry: Json, expected: Json, convert: () => PatchPair): GoldenCase {
  if (!Array.isArray(expected)) return refusedCase(name, convert);
  if (entry.outside_contract && messageOf(convert) !== null) return refusedCase(name, convert);
  return equalCase(name, convert(), expected);
}

function checkIou(name: string, entry: Json): GoldenCase {
  const value = intersectionOverUnion(entry.a as Box, entry.b as Box);
  if (value >= 0.5 !== entry['hit_at_0.5']) {
    return { name, deviation: `${value}`, tolerance: `hit ${entry['hit_at_0.5']}`, ok: false };
  }
  if (entry.iou === null) return { name, deviation: `${value}`, tolerance: 'a miss', ok: !(value >= 0.5) };
  const deviation = Math.abs(value - entry.iou);
  return { name, deviation, tolerance: IOU_TOLERANCE, ok: deviation <= IOU_TOLERANCE };
}
