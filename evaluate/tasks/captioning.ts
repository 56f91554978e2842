/** Captioning of Flickr30k and COCO: CIDEr, BLEU, ROUGE-L, METEOR (paper, table 5). */
import { type CaptionedImage, readCaptions } from '../data/captions.ts';
import { shownText } from '../exhibit.ts';
import { predictedText } from '../predictions.ts';
import { cocoNames, flickrNames } from '../run/pictures.ts';
import { defineTask } from '../task.ts';
import { scoreCaptions } from './caption-metrics.ts';

/** On the 1,000 pictures of Karpathy's Flickr30k test split, without instruction tuning. */
const PAPER_FLICKR_CIDER = 66.7;

export const captioning = defineTask<CaptionedImage, string>({
  summary: 'captions of Flickr30k or COCO',
  dataForm:
    "Karpathy's dataset_flickr30k.json or dataset_coco.json (--split), COCO's captions_*.json, or rows of id and captions",
  predictionForm: '"text" (or "caption"): the caption, without the prompt',
  load: ({ data, split }) => readCaptions(data, split),
  asking: {
    kind: 'writing',
    pictureOf: ({ id, fileName }) => ({
      names: [...cocoNames(fileName || `${id}.jpg`), ...flickrNames(fileName || `${id}.jpg`).slice(1)],
    }),
    // the length penalty, the longest caption and the n-gram rule of the paper's run are not published
    decoding: { maxNewTokens: 64, beams: 5 },
    ask: () => ({ prompt: 'An image of' }),
    predict: ({ answer }) => ({ text: answer }),
  },
  show: ({ captions }) => shownText(null, captions),
  read: (row) => predictedText(row, ['text', 'caption']),
  async score(answers, { data, meteor }) {
    const raw = answers.map(({ item, answer }) => ({
      hypothesis: answer,
      references: item.captions,
    }));
    const paper = /flickr30k/i.test(data) ? { CIDEr: PAPER_FLICKR_CIDER } : {};
    return scoreCaptions(raw, meteor, paper);
  },
});
