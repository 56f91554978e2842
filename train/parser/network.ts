/** The parser's network and its loss in ops of the engine; `data/grit/parser/network.ts` is the same in plain TypeScript. */
import { NORM_EPSILON, type ParserConfig } from '../../data/grit/parser/config.ts';
import { distanceStep } from '../../data/grit/parser/distance.ts';
import { add, concat, crossEntropy, dropout, equal, gather, mul, neg, pad, type Tensor } from '../../engine/index.ts';
import type { BatchShape, ParserBatch } from './batch.ts';

/** By the names of `parameterShapes`. */
export type ParserTensors = Readonly<Record<string, Tensor>>;

/** A batch as the traced function sees it. */
export type TracedBatch = { readonly [K in keyof ParserBatch]: K extends 'affixes' ? readonly Tensor[] : Tensor };

/** What does not change from step to step, but is no parameter. */
export interface NetworkConstants {
  /** i32 [2 · length − 1]: distance steps of the offsets from 1 − length to length − 1. */
  readonly offsets: Tensor;
  /** f32 [1, length + 1]: 0, 1, 2, … */
  readonly columns: Tensor;
}

export interface DropoutRates {
  /** Of the embedded words, of what a block adds, and of the hidden layers of tagger, arcs and labels. */
  readonly input: number;
  readonly block: number;
  readonly hidden: number;
}

export interface LossWeights {
  readonly upos: number;
  readonly xpos: number;
}

interface Mode {
  readonly rates: DropoutRates;
  /** i32 [2]: seed and step. */
  readonly key: Tensor;
}

/** Sums over the words of a batch of −log p, natural logarithm. */
export interface ParserLosses {
  readonly arcs: Tensor;
  readonly relations: Tensor;
  readonly upos: Tensor;
  readonly xpos: Tensor;
}

export function offsetSteps(length: number): Int32Array {
  return Int32Array.from({ length: 2 * length - 1 }, (_, i) => distanceStep(i - length + 1));
}

export function parserLosses(
  parameters: ParserTensors,
  config: ParserConfig,
  { rows, length }: BatchShape,
  constants: NetworkConstants,
  batch: TracedBatch,
  mode: Mode | null,
): ParserLosses {
  const network = new TracedNetwork(parameters, config, { rows, length }, batch, mode);
  const { tagged, encoded } = network.encode();
  const tags = network.hidden(network.norm(tagged, 'tag_norm'), 'tag');
  const final = network.norm(encoded, 'norm');
  return {
    arcs: network.arcLoss(final, constants),
    relations: network.relationLoss(final),
    upos: crossEntropy(tags, parameters.upos!, batch.upos).sum(),
    xpos: crossEntropy(tags, parameters.xpos!, batch.xpos).sum(),
  };
}

class TracedNetwork {
  readonly #parameters: ParserTensors;
  readonly #config: ParserConfig;
  readonly #shape: BatchShape;
  readonly #batch: TracedBatch;
  readonly #mode: Mode | null;
  /** Places with dropout so far: each draws from a stream of its own. */
  #drops = 0;

  constructor(
    parameters: ParserTensors,
    config: ParserConfig,
    shape: BatchShape,
    batch: TracedBatch,
    mode: Mode | null,
  ) {
    this.#parameters = parameters;
    this.#config = config;
    this.#shape = shape;
    this.#batch = batch;
    this.#mode = mode;
  }

  /** Results [N, width]: below the tagger, and above all blocks. */
  encode(): { tagged: Tensor; encoded: Tensor } {
    const { blocks, tagBlocks, width } = this.#config;
    const { rows, length } = this.#shape;
    const { hasBefore, hasBehind } = this.#batch;
    const embedded = this.#drop(this.norm(this.#embed(), 'input_norm'), 'input').reshape([rows, length, -1]);
    const before = mul(shifted(embedded, 1), hasBefore);
    const behind = mul(shifted(embedded, -1), hasBehind);
    let x = this.#linear(concat([before, embedded, behind], 2), 'input');
    let tagged = x;
    for (let block = 0; block < blocks; block++) {
      x = add(x, this.#drop(this.#block(x, `blocks.${block}`), 'block'));
      if (block + 1 === tagBlocks) tagged = x;
    }
    return { tagged: tagged.reshape([-1, width]), encoded: x.reshape([-1, width]) };
  }

  norm(x: Tensor, name: string): Tensor {
    return x.layerNorm(this.#get(`${name}.weight`), this.#get(`${name}.bias`), NORM_EPSILON);
  }

  hidden(x: Tensor, name: string): Tensor {
    return this.#drop(this.#linear(x, name).relu(), 'hidden');
  }

  arcLoss(x: Tensor, { offsets, columns }: NetworkConstants): Tensor {
    const { rows, length } = this.#shape;
    const dependents = this.hidden(x, 'arc.dependent');
    const heads = this.hidden(x, 'arc.head');
    const root = this.#get('arc.root');
    const prior = this.#get('arc.prior');
    const products = dependents.matmul(this.#get('arc.product'));
    const words = products.reshape([rows, length, -1]).matmul(heads.reshape([rows, length, -1]), { transposeB: true });
    const wordScores = words
      .add(heads.matmul(prior, { transposeB: true }).reshape([rows, 1, length]))
      .add(this.#distanceScores(dependents, offsets));
    const rootScores = products.matmul(root, { transposeB: true }).add(root.mul(prior).sum());
    const scores = concat([wordScores, rootScores.reshape([rows, length, 1])], 2).add(this.#batch.forbidden);
    const isHead = equal(columns, this.#batch.headColumns);
    return neg(mul(scores.reshape([rows * length, length + 1]).logSoftmax(), isHead).sum());
  }

  relationLoss(x: Tensor): Tensor {
    const { headPlaces, distances, relations } = this.#batch;
    const heads = concat([this.#linear(x, 'label.head'), this.#get('label.root')], 0);
    const hidden = this.#linear(x, 'label.dependent')
      .add(gather(heads, headPlaces))
      .add(gather(this.#get('label.distance'), distances));
    return crossEntropy(this.#drop(hidden.relu(), 'hidden'), this.#get('relations'), relations).sum();
  }

  /** [rows, length, length]: products of dependents with the embeddings of all offsets, each row pushed to where its word is. */
  #distanceScores(dependents: Tensor, offsets: Tensor): Tensor {
    const { rows, length } = this.#shape;
    const all = 2 * length - 1;
    const table = gather(this.#get('arc.distance'), offsets);
    const byOffset = dependents.matmul(table, { transposeB: true }).reshape([rows, length, all]);
    const flat = pad(byOffset, 2, 0, 1).reshape([rows, length * (all + 1)]);
    return flat
      .slice(1, length - 1, length - 1 + length * all)
      .reshape([rows, length, all])
      .slice(2, 0, length);
  }

  #embed(): Tensor {
    const { words, affixes } = this.#batch;
    const parts = affixes.map((ids, kind) => gather(this.#get(`affix.${kind}`), ids));
    return concat([gather(this.#get('word'), words), parts.reduce((sum, part) => add(sum, part))], 1);
  }

  #block(x: Tensor, name: string): Tensor {
    const { state } = this.#config;
    const { hasBefore, hasBehind } = this.#batch;
    const normed = this.norm(x, `${name}.norm`);
    const near = this.#get(`${name}.near`);
    const weight = (at: number) => near.slice(0, at, at + 1);
    const mixed = this.#linear(
      normed
        .mul(weight(1))
        .add(mul(shifted(normed, 1), hasBefore).mul(weight(0)))
        .add(mul(shifted(normed, -1), hasBehind).mul(weight(2))),
      `${name}.mix`,
    );
    const part = (from: number, to: number) => mixed.slice(2, from * state, to * state);
    const states = concat(
      [recurrence(part(0, 1), part(1, 2), hasBefore, 1), recurrence(part(2, 3), part(3, 4), hasBehind, -1)],
      2,
    );
    const gate = part(4, 6);
    return this.#linear(mul(states, mul(gate, gate.sigmoid())), `${name}.out`);
  }

  #linear(x: Tensor, name: string): Tensor {
    return x.matmul(this.#get(`${name}.weight`)).add(this.#get(`${name}.bias`));
  }

  #drop(x: Tensor, place: keyof DropoutRates): Tensor {
    return this.#mode ? dropout(x, this.#mode.key, this.#mode.rates[place], this.#drops++) : x;
  }

  #get(name: string): Tensor {
    const parameter = this.#parameters[name];
    if (!parameter) throw new Error(`parser: there is no parameter ${name}`);
    return parameter;
  }
}

/** x [rows, length, width] moved along the words: by 1, each word sees the one before it; zeros come in. */
function shifted(x: Tensor, by: number): Tensor {
  const length = x.shape[1]!;
  if (by > 0) return pad(x, 1, by, 0).slice(1, 0, length);
  return pad(x, 1, 0, -by).slice(1, -by, length - by);
}

/**
 * h ← f·h + (1 − f)·z along the words, to the right (1) or to the left (−1), by doubling: after k turns every word knows 2ᵏ words
 * (Hillis and Steele 1986). `continues` is 0 where a sentence begins, seen in that direction.
 */
function recurrence(candidate: Tensor, gate: Tensor, continues: Tensor, direction: 1 | -1): Tensor {
  const length = candidate.shape[1]!;
  const forget = gate.sigmoid();
  let state = candidate.sub(candidate.mul(forget));
  let kept = forget.mul(continues);
  for (let reach = 1; reach < length; reach *= 2) {
    state = state.add(kept.mul(shifted(state, direction * reach)));
    if (2 * reach < length) kept = kept.mul(shifted(kept, direction * reach));
  }
  return state;
}
