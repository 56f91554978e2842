/** Phrase grounding on Flickr30k Entities: R@1, R@5, R@10 by the ANY-BOX protocol (paper, table 2). */
import type { Box } from '../../data/index.ts';
import { type PhraseQuery, readFlickrFolder, readFlickrMdetr } from '../data/flickr30k-entities.ts';
import { bestOverlap, groundingRecall, IOU_THRESHOLD, RECALL_RANKS, type RecallRank } from '../metrics/grounding.ts';
import { flickrNames } from '../run/pictures.ts';
import { defineTask, type MetricRow } from '../task.ts';
import { BOXES_FORM, findPhrase, predictedBoxes, shownBoxes } from './boxes.ts';

const PAPER: Readonly<Record<string, Partial<Record<RecallRank, number>>>> = {
  val: { '1': 77.8, '5': 79.2, '10': 79.3 },
  test: { '1': 78.7, '5': 80.1, '10': 80.1 },
};

/** R@1 by type on test, as published with the code. */
const PUBLISHED_TYPES: Readonly<Record<string, number>> = {
  animals: 91.7,
  bodyparts: 40.92,
  clothing: 73.55,
  instruments: 76.54,
  other: 65.06,
  people: 89.52,
  scene: 82.21,
  vehicles: 91.25,
};

export const phraseGrounding = defineTask<PhraseQuery, Box[]>({
  summary: 'boxes for the phrases of Flickr30k Entities',
  dataForm:
    "Flickr30k Entities' folder (Sentences, Annotations, and the list of --split), or final_flickr_separateGT_*.json",
  predictionForm: `${BOXES_FORM}; ids are IMAGE/SENTENCE/FIRST CHARACTER of the phrase, as in 36979/0/9`,
  load: ({ data, split }) => (isFile(data) ? readFlickrMdetr(data) : readFlickrFolder(data, split)),
  asking: findPhrase({
    pictureOf: ({ imageId }) => ({ names: flickrNames(`${imageId}.jpg`) }),
    promptOf: ({ sentence, span: [start, end] }) =>
      `<grounding>${sentence.slice(0, start)} <phrase>${sentence.slice(start, end)}</phrase>`,
  }),
  show: ({ phrase, truth, size }, predicted) => {
    const isRight = bestOverlap({ predicted, truth }, '1') >= IOU_THRESHOLD;
    return shownBoxes(isRight, phrase, predicted, truth, size);
  },
  read: (row, { phrase, size }, report) => predictedBoxes(row, phrase, size, report),
  async score(answers, { data, split }) {
    const part = isFile(data) ? (/_(val|test)\.json$/i.exec(data)?.[1] ?? split) : split;
    const recall = groundingRecall(
      answers.map(({ item, answer }) => ({ predicted: answer, truth: item.truth, types: item.types })),
    );
    const rows = RECALL_RANKS.flatMap((rank) =>
      Object.entries(recall[rank]).map(([type, value]): MetricRow => {
        const published = rank === '1' && part === 'test' ? PUBLISHED_TYPES[type] : undefined;
        const paper = (type === 'all' ? PAPER[part]?.[rank] : published) ?? null;
        return { metric: `R@${rank}${type === 'all' ? '' : ` ${type}`}`, value: 100 * value, paper };
      }),
    );
    const untyped = answers.every(({ item }) => item.types.length === 0);
    return {
      rows,
      notes: untyped ? ["MDETR's file tells no entity types; the official folder gives the recall of each type"] : [],
    };
  },
});

function isFile(path: string): boolean {
  return /\.json$/i.test(path);
}
