/** The state of one generation on the host: the tokens of every row, where its keys and values lie, and the cache that holds them. */
import { cacheShape, HostArray, type Tensor } from '../engine/index.ts';
import type { HostBatch, TokenBatch } from './batch.ts';
import type { Candidate } from './beam-search.ts';
import type { KeyValueCache } from './decoder.ts';
import type { Kosmos2 } from './kosmos2.ts';

/** Cache capacities are multiples of this, so that prompts of different length share a plan. */
const capacityStep = 64;

/** The sum of log-probabilities of a row that is not to be chosen. */
const NEVER = -1e30;

/** What one generation carries from step to step on the host, and its cache. */
export class GenerationRun {
  cache: KeyValueCache;
  readonly maxNewTokens: number;
  readonly #model: Kosmos2;
  readonly #prompts: number;
  /** Rows of the cache for each prompt: its beams. */
  readonly #beams: number;
  readonly #capacity: number;
  /** Per row of the cache: the tokens so far, in slots. */
  #history: Int32Array;
  /** Per row and slot: the cache row that holds it (beams only). */
  #source: Int32Array;
  readonly #starts: number[];
  /** Slots taken so far. */
  #length: number;
  /** Slots so far whose tokens the host knows: all, or all but the last. */
  #known: number;

  /** @param beams 1 but for a search by beams, which gives each prompt so many rows, prompt after prompt */
  constructor(model: Kosmos2, host: HostBatch, batch: TokenBatch, beams: number, maxNewTokens: number) {
    this.#model = model;
    this.maxNewTokens = maxNewTokens;
    this.#prompts = host.rows;
    this.#beams = beams;
    const rows = this.#rows;
    this.#length = host.length;
    this.#known = host.length;
    this.#capacity = Math.ceil((host.length + maxNewTokens) / capacityStep) * capacityStep;
    this.#history = new Int32Array(rows * this.#capacity);
    this.#source = new Int32Array(rows * this.#capacity);
    this.#starts = [];
    for (let row = 0; row < rows; row++) {
      const prompt = Math.floor(row / beams);
      this.#history.set(batch.inputIds[prompt], row * this.#capacity);
      // the prefill fills the first row of each prompt
      this.#source.fill(prompt * beams, row * this.#capacity, (row + 1) * this.#capacity);
      this.#starts.push(batch.attentionMask[prompt].indexOf(1));
    }
    this.cache = emptyCache(model, rows, this.#capacity);
    model.positionTable(this.#capacity + model.config.text.padTokenId + 1);
  }

  get #rows(): number {
    return this.#prompts * this.#beams;
  }

  prefillArguments(host: HostBatch, images: Tensor | null) {
    const batch = {
      ids: host.ids,
      positionIds: host.positionIds,
      bounds: host.bounds,
      slots: host.slots,
      vectors: images,
    };
    const [prompts, each] = [this.#prompts, this.#beams * this.#capacity];
    const histories = new Int32Array(prompts * this.#capacity);
    const bounds: number[] = [];
    for (let prompt = 0; prompt < prompts; prompt++) {
      const from = prompt * each;
      histories.set(this.#history.subarray(from, from + this.#capacity), prompt * this.#capacity);
      bounds.push(this.#starts[prompt * this.#beams], this.#length);
    }
    const start = new HostArray(new Int32Array(prompts));
    const history = new HostArray(histories, [prompts, this.#capacity]);
    const historyBounds = new HostArray(Int32Array.from(bounds), [prompts, 2]);
    return [this.#model.positionTable(), batch, start, { history, historyBounds, scores: null }] as const;
  }

  /**
   * The next step's input: the tokens of the last slot.
   *
   * @param ids those tokens, i32 [rows, 1], where the host does not know them yet
   */
  stepArguments(ids: Tensor | null = null, sums: Float32Array | null = null) {
    const rows = this.#rows;
    const scores = sums && new HostArray(sums, [rows, 1]);
    const { padTokenId } = this.#model.config.text;
    const positions = this.#starts.map((start) => this.#length - start + padTokenId);
    const bounds = new HostArray(this.#bounds(this.#length), [rows, 2]);
    const batch = {
      ids: ids ?? new HostArray(this.#tokensAt(this.#length - 1), [rows, 1]),
      positionIds: new HostArray(Int32Array.from(positions), [rows, 1]),
      bounds,
      slots: null,
      vectors: null,
    };
    const history = new HostArray(this.#history, [rows, this.#capacity]);
    return [this.#model.positionTable(), batch, { history, historyBounds: bounds, scores }] as const;
  }

  /** Takes a slot more in every row, for tokens that may not be known yet. */
  extend(): void {
    for (let row = 0; row < this.#rows; row++) this.#source[row * this.#capacity + this.#length] = row;
    this.#length++;
  }

  /** Notes the tokens of the first slot that has none, one a row. */
  note(tokens: readonly number[]): void {
    for (const [row, id] of tokens.entries()) this.#history[row * this.#capacity + this.#known] = id;
    this.#known++;
  }

  /**
   * Gives every beam the history and the cache rows of the one that it continues, then appends its token. Takes the running beams of each prompt, of
   * which there may be fewer than rows: what the others do is never looked at.
   *
   * @returns sums of log-probabilities, one a row; those of rows without a beam are never chosen
   */
  reorder(running: readonly (readonly Candidate[])[]): Float32Array {
    const beams = running.flatMap((own, prompt) =>
      Array.from({ length: this.#beams }, (_, place) => {
        const { beam, token, score } = own[place] ?? own[0] ?? { beam: 0, token: this.#model.config.text.padTokenId };
        return { row: prompt * this.#beams + beam, token, score: place < own.length ? score! : NEVER };
      }),
    );
    const move = (from: Int32Array) => {
      const to = new Int32Array(from.length);
      for (const [row, origin] of beams.entries()) {
        const at = origin.row * this.#capacity;
        to.set(from.subarray(at, at + this.#capacity), row * this.#capacity);
      }
      return to;
    };
    this.#history = move(this.#history);
    this.#source = move(this.#source);
    this.extend();
    this.note(beams.map(({ token }) => token));
    return Float32Array.from(beams, ({ score }) => score);
  }

  source(): HostArray {
    return new HostArray(this.#source, [this.#rows, this.#capacity]);
  }

  #tokensAt(slot: number): Int32Array {
    return Int32Array.from({ length: this.#rows }, (_, row) => this.#history[row * this.#capacity + slot]);
  }

  #bounds(end: number): Int32Array {
    const bounds = new Int32Array(2 * this.#starts.length).fill(end);
    for (const [row, start] of this.#starts.entries()) bounds[2 * row] = start;
    return bounds;
  }

  dispose(): void {
    for (const tensor of this.cache) tensor.dispose();
  }
}

/** Zeros for all layers, in as few tensors as the adapter's bindings allow. */
function emptyCache({ config, device }: Kosmos2, rows: number, capacity: number): KeyValueCache {
  const { layers, embedDim: width, attentionHeads: heads } = config.text;
  const shapeOf = (count: number) => cacheShape({ layers: count, rows, capacity, width, heads });
  const bytes = 4 * shapeOf(1).reduce((product, extent) => product * extent, 1);
  const { maxBindingBytes } = device.traits;
  const each = Math.min(layers, Math.floor(maxBindingBytes / bytes));
  if (each === 0)
    throw new Error(
      `keys and values of ${rows} rows of up to ${capacity} tokens take ${bytes} bytes a layer, and this adapter binds ${maxBindingBytes} at most; ` +
        'take fewer rows at a time, or fewer new tokens',
    );
  return Array.from({ length: Math.ceil(layers / each) }, (_, i) =>
    device.zeros(shapeOf(Math.min(each, layers - i * each)), 'f32', 'KV cache'),
  );
}
