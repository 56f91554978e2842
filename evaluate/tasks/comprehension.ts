/** Referring expression comprehension on RefCOCO, RefCOCO+ and RefCOCOg: accuracy at IoU 0.5 (paper, table 3). */
import type { Box } from '../../data/index.ts';
import { type ReferringExpression, readRefcoco } from '../data/refcoco.ts';
import { comprehensionAccuracy, comprehensionOverlap, IOU_THRESHOLD } from '../metrics/grounding.ts';
import { cocoNames } from '../run/pictures.ts';
import { defineTask } from '../task.ts';
import { BOXES_FORM, findPhrase, predictedBoxes, shownBoxes } from './boxes.ts';

const PAPER: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  refcoco: { val: 52.32, testA: 57.42, testB: 47.26 },
  'refcoco+': { val: 45.48, testA: 50.73, testB: 42.24 },
  refcocog: { val: 60.57, test: 61.65 },
};

type Expression = ReferringExpression & { readonly phrase: string };

export const comprehension = defineTask<Expression, Box[]>({
  summary: 'the box of a referring expression of RefCOCO, RefCOCO+ or RefCOCOg',
  dataForm: "MDETR's finetune_refcoco*.json, or a list exported from refs.p (sent, gt_box)",
  predictionForm: `${BOXES_FORM}; ids are those of MDETR's images, or places in the list`,
  async load({ data }) {
    const { items, problems } = await readRefcoco(data);
    return { items: items.map((item) => ({ ...item, phrase: item.caption })), problems };
  },
  asking: findPhrase({
    pictureOf: ({ fileName }) => ({ names: cocoNames(fileName) }),
    promptOf: ({ phrase }) => `<grounding><phrase>${phrase}</phrase>`,
  }),
  show: ({ phrase, box, size }, predicted) => {
    const isRight = comprehensionOverlap(predicted, box).first >= IOU_THRESHOLD;
    return shownBoxes(isRight, phrase, predicted, [box], size);
  },
  read: (row, { phrase, size }, report) => predictedBoxes(row, phrase, size, report),
  async score(answers, { data }) {
    const accuracy = comprehensionAccuracy(answers.map(({ item, answer }) => comprehensionOverlap(answer, item.box)));
    return {
      rows: [
        { metric: 'accuracy', value: 100 * accuracy.first, paper: paperFigure(data) },
        { metric: 'accuracy of the mean box', value: 100 * accuracy.meanBox, paper: null },
        { metric: 'accuracy of the best box', value: 100 * accuracy.best, paper: null },
      ],
      notes: [],
    };
  },
});

/** The figure for the data set and split that the file's name tells. */
function paperFigure(path: string): number | null {
  const [, name, split] = /(refcoco[+g]?)_(val|testA|testB|test)/i.exec(path) ?? [];
  return (name && PAPER[name.toLowerCase()]?.[split]) || null;
}
