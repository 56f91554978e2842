/** Referring expression generation on RefCOCOg: METEOR and CIDEr (paper, table 4). */

import { hashText } from '../../data/hash.ts';
import { type Box, boxToTrainingPatches, type TextBoxes } from '../../data/index.ts';
import { groupByObject, type ReferredObject, readRefcoco } from '../data/refcoco.ts';
import { shownText } from '../exhibit.ts';
import { predictedText } from '../predictions.ts';
import type { AskingContext, Prompted } from '../run/asking.ts';
import { cocoNames } from '../run/pictures.ts';
import { defineTask } from '../task.ts';
import { scoreCaptions } from './caption-metrics.ts';

/** By demonstrations. */
const PAPER: Readonly<Record<number, { METEOR: number; CIDEr: number }>> = {
  0: { METEOR: 12.2, CIDEr: 60.3 },
  2: { METEOR: 13.8, CIDEr: 62.2 },
  4: { METEOR: 14.1, CIDEr: 62.3 },
};

/** The form of the published examples. */
export const REFERRING_PROMPT = '<grounding><phrase>It</phrase> is';

export const generation = defineTask<ReferredObject, string>({
  summary: 'an expression for a box of RefCOCOg',
  dataForm: "MDETR's finetune_refcocog_*.json, or, for predictions alone, a list exported from refs.p (sent, gt_box)",
  predictionForm: '"text": the expression; an object has the id of its first expression',
  async load({ data }) {
    const { items, problems } = await readRefcoco(data);
    return { items: groupByObject(items), problems };
  },
  asking: {
    kind: 'writing',
    pictureOf: ({ fileName }) => ({ names: cocoNames(fileName) }),
    decoding: { maxNewTokens: 32 },
    ask: askForExpression,
    predict: ({ answer }) => ({ text: answer }),
  },
  show: ({ captions, box, size }) => ({
    ...shownText(null, captions),
    truth: [{ label: 'It', boxes: [box] }],
    size,
  }),
  read: (row) => predictedText(row, ['text', 'caption']),
  async score(answers, { data, meteor }, shots) {
    const raw = answers.map(({ item, answer }) => ({
      hypothesis: answer,
      references: item.captions,
    }));
    const { rows, notes } = await scoreCaptions(raw, meteor, (/refcocog/i.test(data) && PAPER[shots]) || {});
    const demonstrations = shots === 0 ? 'zero-shot' : `${shots} demonstrations`;
    return { rows, notes: [...notes, `the paper's figures are for ${demonstrations}; its split is not stated`] };
  },
});

/** Demonstrations are objects of other pictures with their first expressions, each in the form of the question. */
function askForExpression(
  item: ReferredObject,
  { items, shots, gridSize }: AskingContext<ReferredObject>,
): Prompted<ReferredObject> {
  const examples = demonstrations(item, items, shots);
  const marker = shots > 0 ? '<image>' : '';
  const told = examples.map(({ captions }) => `${marker}${REFERRING_PROMPT} ${captions[0]}`);
  return {
    prompt: [...told, marker + REFERRING_PROMPT].join(''),
    shots: examples,
    boxes: [...examples, item].flatMap((object) => boxesOf(object, gridSize) ?? []),
  };
}

function boxesOf({ box, size }: ReferredObject, gridSize: number): TextBoxes {
  if (size === null) throw new Error('the data does not tell the size of the picture, which the location tokens need');
  const [x1, y1, x2, y2] = box;
  const fractions: Box = [x1 / size.width, y1 / size.height, x2 / size.width, y2 / size.height];
  return [{ patch: boxToTrainingPatches(fractions, gridSize) }];
}

/** Chosen by the object's id, so that they do not depend on what else is asked. */
function demonstrations(item: ReferredObject, items: readonly ReferredObject[], count: number): ReferredObject[] {
  const chosen: ReferredObject[] = [];
  const start = hashText(item.id) % items.length;
  for (let step = 0; step < items.length && chosen.length < count; step++) {
    const candidate = items[(start + step) % items.length];
    const known = [item, ...chosen].some(({ fileName }) => fileName === candidate.fileName);
    if (!known) chosen.push(candidate);
  }
  if (chosen.length < count)
    throw new Error(`${count} demonstrations from other pictures are wanted, the data has ${chosen.length}`);
  return chosen;
}
