/** A treebank of a few sentences, written for these tests, and a training that is small enough for them. */
import { type ParserTraining, parseParserTraining } from '../../../train/parser/config.ts';

/** Words as `form/lemma/UPOS/XPOS/head/relation`, heads counted from 1. */
const SENTENCES = [
  'A/a/DET/DT/2/det dog/dog/NOUN/NN/3/nsubj runs/run/VERB/VBZ/0/root ././PUNCT/./3/punct',
  'The/the/DET/DT/2/det dogs/dog/NOUN/NNS/3/nsubj saw/see/VERB/VBD/0/root a/a/DET/DT/6/det small/small/ADJ/JJ/6/amod cat/cat/NOUN/NN/3/obj',
  'cats/cat/NOUN/NNS/0/root on/on/ADP/IN/4/case a/a/DET/DT/4/det roof/roof/NOUN/NN/1/nmod',
  'Dogs/dog/NOUN/NNS/0/root and/and/CCONJ/CC/3/cc cats/cat/NOUN/NNS/1/conj with/with/ADP/IN/5/case tails/tail/NOUN/NNS/1/nmod',
  'Run/run/VERB/VB/0/root !/!/PUNCT/./1/punct',
  'a/a/DET/DT/2/det cat/cat/NOUN/NN/0/root seen/see/VERB/VBN/2/acl by/by/ADP/IN/6/case a/a/DET/DT/6/det dog/dog/NOUN/NN/3/obl:agent',
];

export const TINY_TREEBANK = SENTENCES.map((sentence) => {
  const rows = sentence.split(' ').map((word, i) => {
    const [form, lemma, upos, xpos, head, relation] = word.split('/');
    return [i + 1, form, lemma, upos, xpos, '_', head, relation, '_', '_'].join('\t');
  });
  return `# text = ${sentence.replace(/\/\S+/g, '')}\n${rows.join('\n')}\n\n`;
}).join('');

export const TINY_TRAINING: ParserTraining = parseParserTraining(
  {
    model: {
      wordWidth: 8,
      affixWidth: 8,
      width: 16,
      state: 8,
      blocks: 2,
      tagBlocks: 1,
      tagWidth: 12,
      arcWidth: 12,
      labelWidth: 12,
    },
    steps: 40,
    seed: 5,
    batch: { rows: 2, length: 16 },
    optimizer: { learningRate: 0.03 },
    schedule: { warmup: 4 },
    dropout: { input: 0, block: 0, hidden: 0.05 },
    noise: { rare: 0, word: 0, lowerCase: 0, openEnd: 0, phrases: 0 },
    average: 0.8,
    validation: { every: 20 },
    checkpoint: { every: 10 },
  },
  'tiny',
);
