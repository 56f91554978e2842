/**
 * The parser's network in plain TypeScript, for parsing: recurrences with gates that depend on the words alone (as in SRU and minGRU)
 * in both directions, a tagger above the lower blocks, biaffine scores of arcs (Dozat and Manning 2017) with a term for the distance,
 * and labels for the arcs of the best tree. `train/parser/network.ts` is the same in ops of the engine.
 */
import { NORM_EPSILON, type ParserConfig, parameterShapes } from './config.ts';
import {
  addRow,
  type Linear,
  largestAt,
  layerNorm,
  type Rows,
  reluInPlace,
  rowsOf,
  sigmoid,
  transposed,
} from './dense.ts';
import { DISTANCES, distanceStep, ROOT_DISTANCE } from './distance.ts';
import { availableProducts, type Product, type Products } from './products.ts';
import { bestProjectiveTree, hasCrossingArcs } from './projective-tree.ts';
import type { EncodedSentence } from './sentence.ts';
import { type ArcScores, bestTree } from './tree.ts';
import type { Vocabulary } from './vocabulary.ts';

export type ParserWeights = Readonly<Record<string, Float32Array>>;

/** Numbers of labels in the vocabulary; heads count within the sentence, −1 for the root. */
export interface SentenceParse {
  readonly upos: Int32Array;
  readonly xpos: Int32Array;
  readonly heads: Int32Array;
  readonly relations: Int32Array;
}

/** First words of the sentences in a list of all words, and the number of words behind them. */
export interface Layout {
  readonly starts: readonly number[];
  readonly count: number;
}

/** Words of several sentences after the encoder. */
export interface EncodedWords {
  readonly layout: Layout;
  /** Below the tagger. */
  readonly tagged: Rows;
  readonly final: Rows;
}

interface Block {
  readonly norm: Linear;
  readonly near: Float32Array;
  readonly mix: Product;
  readonly out: Product;
}

/** Linear layers besides those of the blocks. */
const LAYERS = ['input', 'tag', 'arc.dependent', 'arc.head', 'label.dependent', 'label.head'] as const;
type Layer = (typeof LAYERS)[number];

export class ParserNetwork {
  readonly config: ParserConfig;
  readonly #weights: ParserWeights;
  /** Embeddings by kind of affix. */
  readonly #affixes: readonly Float32Array[];
  readonly #blocks: readonly Block[];
  readonly #layers: Readonly<Record<Layer, Product>>;
  readonly #upos: Product;
  readonly #xpos: Product;
  readonly #relations: Product;
  readonly #rootRelation: number;
  /** Product and distances side by side: [arc, arc + DISTANCES]. */
  readonly #arcs: Product;

  /** @throws Error where a parameter is missing or has another size */
  constructor(
    config: ParserConfig,
    vocabulary: Vocabulary,
    weights: ParserWeights,
    products: Products = availableProducts(),
  ) {
    for (const [name, shape] of Object.entries(parameterShapes(config, vocabulary))) {
      const needed = shape.reduce((size, extent) => size * extent, 1);
      if (weights[name]?.length !== needed)
        throw new Error(
          `parser: parameter ${name} has ${weights[name]?.length ?? 'no'} elements, not those of [${shape}]`,
        );
    }
    this.#rootRelation = vocabulary.file.relations.indexOf('root');
    if (this.#rootRelation === -1) throw new Error('parser: the vocabulary has no relation "root"');
    this.config = config;
    this.#weights = weights;
    this.#affixes = vocabulary.affixRows.map((_, kind) => weights[`affix.${kind}`]!);
    const { blocks, tagWidth, labelWidth, arcWidth } = config;
    const layer = (name: string) => products.of(this.#linear(name));
    this.#blocks = Array.from({ length: blocks }, (_, i) => ({
      norm: this.#linear(`blocks.${i}.norm`),
      near: weights[`blocks.${i}.near`]!,
      mix: layer(`blocks.${i}.mix`),
      out: layer(`blocks.${i}.out`),
    }));
    this.#layers = Object.fromEntries(LAYERS.map((name) => [name, layer(name)])) as Record<Layer, Product>;
    this.#upos = products.of(classes(weights.upos!, tagWidth));
    this.#xpos = products.of(classes(weights.xpos!, tagWidth));
    this.#relations = products.of(classes(weights.relations!, labelWidth));
    this.#arcs = products.of(arcProducts(weights['arc.product']!, weights['arc.distance']!, arcWidth));
  }

  parse(sentences: readonly EncodedSentence[]): SentenceParse[] {
    const encoded = this.encode(sentences);
    const { upos, xpos } = this.tagScores(encoded);
    const heads = this.arcScores(encoded).map(likelyTree);
    const all = { upos: best(upos), xpos: best(xpos), relations: this.#bestRelations(encoded, heads) };
    return heads.map((ofSentence, i) => {
      const start = encoded.layout.starts[i]!;
      const own = (column: Int32Array) => column.slice(start, start + ofSentence.length);
      return { upos: own(all.upos), xpos: own(all.xpos), heads: ofSentence, relations: own(all.relations) };
    });
  }

  encode(sentences: readonly EncodedSentence[]): EncodedWords {
    const layout = layoutOf(sentences);
    const { tagged, encoded } = this.#encode(sentences, layout);
    return { layout, tagged, final: layerNorm(encoded, ...this.#norm('norm')) };
  }

  /** Logits [words, classes]. */
  tagScores({ tagged }: EncodedWords): { upos: Rows; xpos: Rows } {
    const hidden = this.#hidden(layerNorm(tagged, ...this.#norm('tag_norm')), 'tag');
    return { upos: this.#upos(hidden), xpos: this.#xpos(hidden) };
  }

  /** Of the root the relation `root`, and of no other word. */
  #bestRelations(encoded: EncodedWords, heads: readonly Int32Array[]): Int32Array {
    const scores = this.relationScores(encoded, heads);
    const isRoot = heads.flatMap((ofSentence) => Array.from(ofSentence, (head) => head === -1));
    for (const [word, answer] of isRoot.entries())
      scores.data[word * scores.width + this.#rootRelation] = answer
        ? Number.POSITIVE_INFINITY
        : Number.NEGATIVE_INFINITY;
    return best(scores);
  }

  #encode(sentences: readonly EncodedSentence[], layout: Layout): { tagged: Rows; encoded: Rows } {
    const embedded = layerNorm(this.#embed(sentences, layout), ...this.#norm('input_norm'));
    let x = this.#layers.input(withNeighbours(embedded, layout));
    let tagged = x;
    for (const [i, block] of this.#blocks.entries()) {
      x = this.#runBlock(x, block, layout);
      if (i + 1 === this.config.tagBlocks) tagged = x;
    }
    return { tagged, encoded: x };
  }

  #embed(sentences: readonly EncodedSentence[], { count }: Layout): Rows {
    const { wordWidth, affixWidth } = this.config;
    const out = rowsOf(count, wordWidth + affixWidth);
    let at = 0;
    for (const { words, affixes } of sentences) {
      for (const [i, word] of words.entries()) {
        addRow(out.data, at, this.#weights.word!, word, wordWidth);
        const ids = affixes[i]!;
        for (let kind = 0; kind < ids.length; kind++)
          addRow(out.data, at + wordWidth, this.#affixes[kind]!, ids[kind]!, affixWidth);
        at += out.width;
      }
    }
    return out;
  }

  #runBlock(x: Rows, { norm, near, mix, out }: Block, layout: Layout): Rows {
    const { state } = this.config;
    const mixed = mix(withNear(layerNorm(x, norm.weight, norm.bias, NORM_EPSILON), near, layout));
    const states = recurrences(mixed, state, layout);
    const gates = 4 * state;
    for (let row = 0; row < states.rows; row++) {
      for (let c = 0; c < states.width; c++) {
        const gate = mixed.data[row * mixed.width + gates + c]!;
        states.data[row * states.width + c]! *= gate * sigmoid(gate);
      }
    }
    const result = out(states);
    for (let i = 0; i < result.data.length; i++) result.data[i]! += x.data[i]!;
    return result;
  }

  /** Of each sentence. */
  arcScores({ final, layout: { starts, count } }: EncodedWords): ArcScores[] {
    const { arcWidth } = this.config;
    const heads = this.#hidden(final, 'arc.head').data;
    const products = this.#arcs(this.#hidden(final, 'arc.dependent'));
    const prior = this.#weights['arc.prior']!;
    const root = this.#weights['arc.root']!;
    const rootPrior = dot(root, 0, prior, 0, arcWidth);
    return starts.map((start, i) => {
      const size = (starts[i + 1] ?? count) - start;
      const scores = new Float32Array(size * (size + 1));
      const priors = Array.from({ length: size }, (_, j) => dot(heads, (start + j) * arcWidth, prior, 0, arcWidth));
      for (let word = 0; word < size; word++) {
        const product = (start + word) * products.width;
        const row = word * (size + 1);
        for (let head = 0; head < size; head++) {
          const distance = products.data[product + arcWidth + distanceStep(head - word)]!;
          const match = dot(products.data, product, heads, (start + head) * arcWidth, arcWidth);
          scores[row + head] = match + distance + priors[head]!;
        }
        scores[row + size] = dot(products.data, product, root, 0, arcWidth) + rootPrior;
      }
      return { size, scores };
    });
  }

  /** Logits [words, relations] of the arcs to given heads, which count within their sentences. */
  relationScores({ final, layout: { starts } }: EncodedWords, heads: readonly Int32Array[]): Rows {
    const { labelWidth } = this.config;
    const hidden = this.#layers['label.dependent'](final);
    const headWords = this.#layers['label.head'](final).data;
    const root = this.#weights['label.root']!;
    const distances = this.#weights['label.distance']!;
    for (const [i, ofSentence] of heads.entries()) {
      const start = starts[i]!;
      for (const [word, head] of ofSentence.entries()) {
        const isRoot = head === -1;
        const to = (start + word) * labelWidth;
        addRow(hidden.data, to, isRoot ? root : headWords, isRoot ? 0 : start + head, labelWidth);
        addRow(hidden.data, to, distances, isRoot ? ROOT_DISTANCE : distanceStep(head - word), labelWidth);
      }
    }
    reluInPlace(hidden);
    return this.#relations(hidden);
  }

  #hidden(x: Rows, name: Layer): Rows {
    const out = this.#layers[name](x);
    reluInPlace(out);
    return out;
  }

  #linear(name: string): Linear {
    return { weight: this.#weights[`${name}.weight`]!, bias: this.#weights[`${name}.bias`]! };
  }

  #norm(name: string): [Float32Array, Float32Array, number] {
    const { weight, bias } = this.#linear(name);
    return [weight, bias, NORM_EPSILON];
  }
}

/** In English arcs seldom cross: where those of the best tree do, the best one without is more often right. */
function likelyTree(arcs: ArcScores): Int32Array {
  const best = bestTree(arcs);
  return hasCrossingArcs(best) ? bestProjectiveTree(arcs) : best;
}

function layoutOf(sentences: readonly EncodedSentence[]): Layout {
  const starts: number[] = [];
  let count = 0;
  for (const { words } of sentences) {
    starts.push(count);
    count += words.length;
  }
  return { starts, count };
}

/** Classes have no bias. */
function classes(weight: Float32Array, width: number): Linear {
  const count = weight.length / width;
  return { weight: transposed(weight, count, width), bias: new Float32Array(count) };
}

function arcProducts(product: Float32Array, distance: Float32Array, width: number): Linear {
  const columns = width + DISTANCES;
  const weight = new Float32Array(width * columns);
  for (let row = 0; row < width; row++) {
    for (let c = 0; c < width; c++) weight[row * columns + c] = product[row * width + c]!;
    for (let step = 0; step < DISTANCES; step++) weight[row * columns + width + step] = distance[step * width + row]!;
  }
  return { weight, bias: new Float32Array(columns) };
}

/** The word before, the word and the word behind, side by side; zeros where the sentence ends. */
function withNeighbours(x: Rows, { starts, count }: Layout): Rows {
  const { width, data } = x;
  const out = rowsOf(x.rows, 3 * width);
  for (const [i, start] of starts.entries()) {
    const end = starts[i + 1] ?? count;
    for (let word = start; word < end; word++) {
      const from = Math.max(start, word - 1);
      const part = data.subarray(from * width, Math.min(end, word + 2) * width);
      out.data.set(part, 3 * word * width + (from - word + 1) * width);
    }
  }
  return out;
}

/** Each column mixed with its neighbours in the sentence: before, itself and behind weigh as the rows of `near`. */
function withNear(x: Rows, near: Float32Array, { starts, count }: Layout): Rows {
  const { width, data } = x;
  const out = rowsOf(x.rows, width);
  for (const [i, start] of starts.entries()) {
    const end = starts[i + 1] ?? count;
    for (let word = start; word < end; word++) {
      const at = word * width;
      for (let c = 0; c < width; c++) {
        let sum = data[at + c]! * near[width + c]!;
        if (word > start) sum += data[at - width + c]! * near[c]!;
        if (word + 1 < end) sum += data[at + width + c]! * near[2 * width + c]!;
        out.data[at + c] = sum;
      }
    }
  }
  return out;
}

/** h ← f·h + (1 − f)·z through each sentence, to the right and to the left; [words, 2 · state]. */
function recurrences(mixed: Rows, state: number, { starts, count }: Layout): Rows {
  const out = rowsOf(mixed.rows, 2 * state);
  for (const [i, start] of starts.entries()) {
    const end = starts[i + 1] ?? count;
    for (let word = start; word < end; word++) step(mixed, out, word, word > start ? word - 1 : null, 0, state);
    for (let word = end - 1; word >= start; word--) step(mixed, out, word, word + 1 < end ? word + 1 : null, 1, state);
  }
  return out;
}

function step(mixed: Rows, out: Rows, word: number, before: number | null, direction: 0 | 1, state: number): void {
  const candidate = word * mixed.width + direction * 2 * state;
  const to = word * out.width + direction * state;
  const from = before === null ? -1 : before * out.width + direction * state;
  for (let c = 0; c < state; c++) {
    const forget = sigmoid(mixed.data[candidate + state + c]!);
    const last = from < 0 ? 0 : forget * out.data[from + c]!;
    out.data[to + c] = last + (1 - forget) * mixed.data[candidate + c]!;
  }
}

function dot(a: Float32Array, aAt: number, b: Float32Array, bAt: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += a[aAt + i]! * b[bAt + i]!;
  return sum;
}

function best(scores: Rows): Int32Array {
  const { data, rows, width } = scores;
  return Int32Array.from({ length: rows }, (_, row) => largestAt(data, row * width, width));
}
