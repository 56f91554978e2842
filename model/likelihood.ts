/** How likely a model finds token sequences: what several of them begin with is run once, and each goes on from there. */
import { attention, type Compiled, compile, concat, gather, HostArray, type Tensor } from '../engine/index.ts';
import { block, embed, finish } from './decoder.ts';
import { decoderInput, type Kosmos2 } from './kosmos2.ts';
import { ignoredLabel } from './loss.ts';
import { labelLosses } from './weight.ts';

/** One of several sequences that are compared. */
export interface Alternative {
  /** From `<s>` on. */
  readonly ids: readonly number[];
  /** The first token that is scored, counted from 0; at least 1, for the first token of all follows nothing. */
  readonly scoredFrom: number;
}

export interface AlternativeSet {
  readonly alternatives: readonly Alternative[];
  /** 1 on the slots of pictures, from the first token on. All alternatives have the same pictures in front of what is scored. */
  readonly imageMask?: readonly number[];
}

/** Lengths are rounded up to multiples of this, so that few plans are made. */
const LENGTH_STEP = 8;

interface PrefixBatch {
  readonly ids: Tensor;
  readonly positionIds: Tensor;
  readonly bounds: Tensor;
  readonly slots: { readonly mask: Tensor; readonly index: Tensor } | null;
  readonly vectors: Tensor | null;
}

interface RestBatch {
  readonly ids: Tensor;
  readonly positionIds: Tensor;
  /** Of prefix and rest together. */
  readonly bounds: Tensor;
  /** i32 [rows]: the prefix that each row goes on from. */
  readonly source: Tensor;
  /** i32 [rows · T]. */
  readonly labels: Tensor;
}

/** Keys and values of the shared tokens in every layer, each [prefixes, length, D]. */
interface Prefixes {
  readonly keys: readonly Tensor[];
  readonly values: readonly Tensor[];
}

type RunPrefix = (table: Tensor, batch: PrefixBatch) => Prefixes;
type RunRest = (table: Tensor, prefix: Prefixes, batch: RestBatch) => Tensor;

/** Scores with one model; keeps the compiled functions. */
export class LikelihoodScorer {
  readonly #model: Kosmos2;
  readonly #prefix: Compiled<Parameters<RunPrefix>, Prefixes>;
  readonly #rest: Compiled<Parameters<RunRest>, Tensor>;

  constructor(model: Kosmos2) {
    this.#model = model;
    const { device } = model;
    this.#prefix = compile<Parameters<RunPrefix>, Prefixes>(
      (table, { ids, positionIds, bounds, slots, vectors }) =>
        this.#tracePrefix(table, decoderInput(ids, positionIds, bounds, slots, vectors)),
      { device, name: 'shared prefixes' },
    );
    this.#rest = compile<Parameters<RunRest>, Tensor>(this.#traceRest.bind(this), { device, name: 'alternatives' });
  }

  /**
   * The natural logarithms of the probabilities of all scored tokens: of each set, each alternative, each token.
   *
   * @param images vectors for the slots of all sets, in order
   * @throws Error for an alternative without a scored token, one that is longer than the context, and for slots that are scored
   */
  async score(sets: readonly AlternativeSet[], images: Tensor | null = null): Promise<number[][][]> {
    const shared = sets.map((set) => this.#sharedLength(set));
    const prefixes = this.#prefixes(sets, shared, images);
    const { rows, host } = this.#rests(sets, shared, prefixes.ids.shape[1]);
    const table = this.#model.positionTable(this.#model.config.text.padTokenId + 1 + longest(sets));
    const cache = await this.#prefix(table, { ...prefixes, vectors: images });
    const losses = await this.#rest(table, cache, host);
    for (const tensor of [...cache.keys, ...cache.values]) tensor.dispose();
    const values = await losses.read();
    losses.dispose();
    const length = host.ids.shape[1];
    let row = 0;
    return sets.map(({ alternatives }) =>
      alternatives.map(() => {
        const { scored, count } = rows[row];
        const at = row++ * length;
        return Array.from(values.subarray(at + scored, at + count), (loss) => -loss);
      }),
    );
  }

  /** Tokens that all alternatives begin with; each keeps one before the first that is scored. */
  #sharedLength({ alternatives, imageMask = [] }: AlternativeSet): number {
    const { maxPositionEmbeddings } = this.#model.config.text;
    if (alternatives.length === 0) throw new Error('likelihood: a set has no alternatives');
    for (const { ids, scoredFrom } of alternatives) {
      if (!(scoredFrom >= 1 && scoredFrom < ids.length))
        throw new Error(`likelihood: of ${ids.length} tokens none is scored, or the first, from ${scoredFrom} on`);
      if (ids.length > maxPositionEmbeddings)
        throw new Error(
          `likelihood: ${ids.length} tokens are more than the context of this model, ${maxPositionEmbeddings}`,
        );
    }
    const [{ ids: first }] = alternatives;
    let length = Math.min(...alternatives.map(({ scoredFrom }) => scoredFrom - 1));
    for (const { ids } of alternatives) {
      const differs = first.findIndex((id, at) => id !== ids[at]);
      if (differs >= 0) length = Math.min(length, differs);
    }
    if (imageMask.lastIndexOf(1) >= length)
      throw new Error('likelihood: the pictures do not stand before everything in which the alternatives differ');
    return length;
  }

  #prefixes(sets: readonly AlternativeSet[], shared: readonly number[], images: Tensor | null) {
    const { padTokenId } = this.#model.config.text;
    // a set whose alternatives differ from the start has a prefix of one token that nothing looks at
    const lengths = shared.map((length) => Math.max(1, length));
    const width = roundUp(Math.max(...lengths));
    const padded = (values: readonly number[], filler: number) => [
      ...new Array<number>(width - values.length).fill(filler),
      ...values,
    ];
    const masks = sets.map(({ imageMask = [] }, i) =>
      Array.from({ length: lengths[i] }, (_, at) => imageMask[at] ?? 0),
    );
    const batch = {
      inputIds: sets.map(({ alternatives: [{ ids }] }, i) => padded(ids.slice(0, lengths[i]), padTokenId)),
      attentionMask: lengths.map((length) => padded(new Array<number>(length).fill(1), 0)),
      imageEmbedsPositionMask: masks.map((mask) => padded(mask, 0)),
    };
    const { ids, positionIds, bounds, slots } = this.#model.prepareBatch(batch, images);
    return { ids, positionIds, bounds, slots };
  }

  #rests(sets: readonly AlternativeSet[], shared: readonly number[], prefixLength: number) {
    const { padTokenId } = this.#model.config.text;
    const rows = sets.flatMap(({ alternatives }, set) =>
      alternatives.map(({ ids, scoredFrom }) => {
        const from = shared[set];
        return { set, from, tokens: ids.slice(from), scored: scoredFrom - 1 - from, count: ids.length - 1 - from };
      }),
    );
    const length = roundUp(Math.max(...rows.map(({ count }) => count)));
    const grid = (value: (row: (typeof rows)[number], at: number) => number) =>
      Int32Array.from(rows.flatMap((row) => Array.from({ length }, (_, at) => value(row, at))));
    const shape = [rows.length, length];
    const host = {
      ids: new HostArray(
        grid(({ tokens, count }, at) => (at < count ? tokens[at] : padTokenId)),
        shape,
      ),
      positionIds: new HostArray(
        grid(({ from, count }, at) => (at < count ? padTokenId + 1 + from + at : padTokenId)),
        shape,
      ),
      bounds: new HostArray(
        Int32Array.from(rows.flatMap(({ from, count }) => [prefixLength - from, prefixLength + count])),
        [rows.length, 2],
      ),
      source: new HostArray(Int32Array.from(rows, ({ set }) => set)),
      labels: new HostArray(
        grid(({ tokens, scored, count }, at) => (at >= scored && at < count ? tokens[at + 1] : ignoredLabel)),
      ),
    };
    return { rows, host };
  }

  #tracePrefix(table: Tensor, input: ReturnType<typeof decoderInput>): Prefixes {
    const { weights, config } = this.#model;
    const decoder = weights.text_model.model;
    const cache = { keys: [] as Tensor[], values: [] as Tensor[] };
    const options = { heads: config.text.attentionHeads, causal: true, bounds: input.bounds };
    let x = embed(decoder, config.text, table, input);
    for (const layer of decoder.layers) {
      x = block(x, layer, config.text, (query, key, value) => {
        cache.keys.push(key);
        cache.values.push(value);
        return attention(query, key, value, options);
      });
    }
    return cache;
  }

  #traceRest(table: Tensor, prefix: Prefixes, { ids, positionIds, bounds, source, labels }: RestBatch): Tensor {
    const { weights, config } = this.#model;
    const decoder = weights.text_model.model;
    const [rows] = ids.shape;
    const behindPrefix = (earlier: Tensor, own: Tensor) => {
      const [prefixes, length, width] = earlier.shape;
      const ofRows = gather(earlier.reshape([prefixes, length * width]), source);
      return concat([ofRows.reshape([rows, length, width]), own], 1);
    };
    const options = { heads: config.text.attentionHeads, causal: true, bounds };
    let x = embed(decoder, config.text, table, decoderInput(ids, positionIds, bounds, null, null));
    for (const [i, layer] of decoder.layers.entries()) {
      x = block(x, layer, config.text, (query, key, value) =>
        attention(query, behindPrefix(prefix.keys[i], key), behindPrefix(prefix.values[i], value), options),
      );
    }
    const hidden = finish(decoder, config.text, x).reshape([-1, config.text.embedDim]);
    return labelLosses(hidden, decoder.embed_tokens.weight, labels);
  }

  dispose(): void {
    this.#prefix.dispose();
    this.#rest.dispose();
  }
}

function longest(sets: readonly AlternativeSet[]): number {
  return Math.max(...sets.flatMap(({ alternatives }) => alternatives.map(({ ids }) => ids.length)));
}

function roundUp(length: number): number {
  return Math.ceil(length / LENGTH_STEP) * LENGTH_STEP;
}
