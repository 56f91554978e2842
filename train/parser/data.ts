/**
 * The training sentences, epoch after epoch: those of a treebank and captions of the grammar, shuffled, with noise, packed into batches.
 * Everything follows from seed and epoch.
 */
import { encodeSentence } from '../../data/grit/parser/sentence.ts';
import type { Vocabulary } from '../../data/grit/parser/vocabulary.ts';
import { uniform } from '../../engine/index.ts';
import { type BatchShape, type PackedBatch, packedBatch, packRows, type TrainingSentence } from './batch.ts';
import type { CaptionGrammar } from './captions/index.ts';
import type { NoiseRates } from './config.ts';
import { wordFrequencies } from './count-vocabulary.ts';
import { asCaption, nounPhrases } from './noun-phrases.ts';
import type { TreebankSentence } from './treebank.ts';

/** Random numbers of different use in one epoch lie this far apart. */
const STREAMS = {
  shuffle: 0,
  lowerCase: 1,
  openEnd: 2,
  words: 3,
  phrase: 4,
  phraseOf: 5,
  capital: 6,
  fullStop: 7,
  captionWords: 8,
};
const STREAM_COUNT = 9;
const MOST_WORDS = 1024;

interface Variants {
  readonly written: TrainingSentence;
  readonly lowerCase: TrainingSentence;
  /** The last word is punctuation that nothing hangs on. */
  readonly canLoseEnd: boolean;
  /** Its noun phrases. */
  readonly phrases: readonly TreebankSentence[];
}

type Draw = (stream: keyof typeof STREAMS, at: number) => number;

export interface ParserDataOptions {
  readonly noise: NoiseRates;
  readonly seed: number;
  /** So many captions in every epoch, besides the treebank's sentences. */
  readonly captions?: { readonly grammar: CaptionGrammar; readonly count: number };
  /** Default: the beginning. */
  readonly position?: DataPosition;
}

/** Where the data goes on. */
export interface DataPosition {
  readonly epoch: number;
  /** Batches of the epoch that are done. */
  readonly batch: number;
}

export class ParserData {
  readonly #vocabulary: Vocabulary;
  readonly #shape: BatchShape;
  readonly #noise: NoiseRates;
  readonly #seed: number;
  readonly #captions: ParserDataOptions['captions'] | null;
  readonly #sentences: readonly Variants[];
  readonly #frequencies: Uint32Array;
  /** Sentences that no row has room for. */
  readonly leftOut: number;
  #position: DataPosition;
  #batches: TrainingSentence[][][] | null = null;

  constructor(
    sentences: readonly TreebankSentence[],
    vocabulary: Vocabulary,
    shape: BatchShape,
    { noise, seed, captions, position = { epoch: 0, batch: 0 } }: ParserDataOptions,
  ) {
    const fitting = sentences.filter(({ forms }) => forms.length <= Math.min(shape.length, MOST_WORDS));
    if (fitting.length === 0) throw new Error(`no sentence fits into rows of ${shape.length} words`);
    this.#vocabulary = vocabulary;
    this.#shape = shape;
    this.#noise = noise;
    this.#seed = seed;
    this.#captions = captions ?? null;
    this.#sentences = fitting.map((sentence) => variantsOf(sentence, vocabulary));
    const counted = captions ? captions.grammar.captions(0, captions.count) : [];
    this.#frequencies = wordFrequencies(
      [
        ...this.#sentences.map(({ written }) => written),
        ...counted.map(({ forms }) => encodeSentence(vocabulary, forms)),
      ],
      vocabulary.wordRows,
    );
    this.leftOut = sentences.length - fitting.length;
    this.#position = position;
  }

  get position(): DataPosition {
    return this.#position;
  }

  /** The next batch; epochs follow each other without end. */
  next(): PackedBatch {
    const { epoch, batch } = this.#position;
    this.#batches ??= packRows(this.#epoch(epoch), this.#shape);
    const packed = this.#batches[batch]!;
    const isLast = batch + 1 === this.#batches.length;
    this.#position = isLast ? { epoch: epoch + 1, batch: 0 } : { epoch, batch: batch + 1 };
    if (isLast) this.#batches = null;
    return packedBatch(packed, this.#shape);
  }

  #epoch(epoch: number): TrainingSentence[] {
    const draw: Draw = (stream, at) => uniform(this.#seed, epoch * STREAM_COUNT + STREAMS[stream], at);
    const written = this.#sentences.length;
    const all = written + (this.#captions?.count ?? 0);
    const order = Array.from({ length: all }, (_, i) => ({ i, key: draw('shuffle', i) }));
    order.sort((a, b) => a.key - b.key);
    return order.flatMap(({ i }) =>
      i < written ? this.#ofTreebank(i, draw) : this.#caption(epoch, i - written, draw),
    );
  }

  /** Sentence `i` of the treebank, changed, and perhaps one of its noun phrases. */
  #ofTreebank(i: number, draw: Draw): TrainingSentence[] {
    const { written, lowerCase, canLoseEnd, phrases } = this.#sentences[i]!;
    let sentence = draw('lowerCase', i) < this.#noise.lowerCase ? lowerCase : written;
    if (canLoseEnd && draw('openEnd', i) < this.#noise.openEnd) sentence = withoutEnd(sentence);
    const hasPhrase = phrases.length > 0 && draw('phrase', i) < this.#noise.phrases;
    const all = hasPhrase ? [sentence, this.#phraseOf(phrases, i, draw)] : [sentence];
    return all.map((one, at) => this.#withUnknownWords(one, (word) => draw('words', (2 * i + at) * MOST_WORDS + word)));
  }

  /** No caption comes twice, and few fit into no row. */
  #caption(epoch: number, i: number, draw: Draw): TrainingSentence[] {
    const { grammar, count } = this.#captions!;
    const caption = trainingSentence(grammar.caption(epoch * count + i), this.#vocabulary);
    if (caption.words.length > this.#shape.length) return [];
    return [this.#withUnknownWords(caption, (word) => draw('captionWords', i * MOST_WORDS + word))];
  }

  /** One noun phrase of sentence `i`; half of them with a capital letter, and a third with a full stop. */
  #phraseOf(phrases: readonly TreebankSentence[], i: number, draw: Draw): TrainingSentence {
    const phrase = phrases[Math.floor(draw('phraseOf', i) * phrases.length)]!;
    const style = { capital: draw('capital', i) < 1 / 2, fullStop: draw('fullStop', i) < 1 / 3 };
    return trainingSentence(asCaption(phrase, style), this.#vocabulary);
  }

  #withUnknownWords(sentence: TrainingSentence, draw: (word: number) => number): TrainingSentence {
    const { rare, word } = this.#noise;
    const words = sentence.words.map((id, i) => {
      const isUnknown = draw(i) < Math.max(word, rare / (rare + this.#frequencies[id]!));
      return isUnknown ? 0 : id;
    });
    return { ...sentence, words };
  }
}

/** Answers in numbers of the vocabulary; −1 for labels that it does not know, as may happen outside the training section. */
export function trainingSentence(sentence: TreebankSentence, vocabulary: Vocabulary): TrainingSentence {
  const { upos, xpos, relations } = vocabulary.file;
  return {
    ...encodeSentence(vocabulary, sentence.forms),
    heads: sentence.heads,
    upos: sentence.upos.map((label) => upos.indexOf(label)),
    xpos: sentence.xpos.map((label) => xpos.indexOf(label)),
    relations: sentence.relations.map((label) => relations.indexOf(label)),
  };
}

function variantsOf(sentence: TreebankSentence, vocabulary: Vocabulary): Variants {
  const written = trainingSentence(sentence, vocabulary);
  const lower = sentence.forms.map((form) => form.toLowerCase());
  const last = sentence.forms.length - 1;
  const canLoseEnd =
    last > 0 && sentence.upos[last] === 'PUNCT' && sentence.heads[last] !== -1 && !sentence.heads.includes(last);
  const lowerCase = { ...written, ...encodeSentence(vocabulary, lower) };
  // one word less than its sentence at most, so a phrase with a full stop fits where the sentence does
  return { written, lowerCase, canLoseEnd, phrases: nounPhrases(sentence) };
}

function withoutEnd(sentence: TrainingSentence): TrainingSentence {
  const columns = Object.entries(sentence).map(([name, column]) => [name, (column as readonly unknown[]).slice(0, -1)]);
  return Object.fromEntries(columns) as TrainingSentence;
}
