/** Referring expression generation on RefCOCOg: METEOR and CIDEr (paper, table 4). */
import { groupByObject, readRefcoco } from '../data/refcoco.ts';
import { predictedText } from '../predictions.ts';
import { defineTask } from '../task.ts';
import { scoreCaptions } from './caption-metrics.ts';

/** Zero-shot; with 2 demonstrations 13.8 and 62.2, with 4 14.1 and 62.3. */
const PAPER = { METEOR: 12.2, CIDEr: 60.3 };

export const generation = defineTask({
  summary: 'an expression for a box of RefCOCOg',
  dataForm: "MDETR's finetune_refcocog_*.json, or a list exported from refs.p (sent, gt_box)",
  predictionForm: '"text": the expression; an object has the id of its first expression',
  async load({ data }) {
    const { items, problems } = await readRefcoco(data);
    return { items: groupByObject(items), problems };
  },
  read: (row) => predictedText(row, ['text', 'caption']),
  async score(answers, { data, meteor }) {
    const raw = answers.map(({ item, answer }) => ({
      hypothesis: answer,
      references: item.captions,
    }));
    const { rows, notes } = await scoreCaptions(raw, meteor, /refcocog/i.test(data) ? PAPER : {});
    return { rows, notes: [...notes, "the paper's figures are its zero-shot ones; its split is not stated"] };
  },
});
