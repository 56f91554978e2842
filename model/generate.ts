/** Generation: one prefill, then a token per row and step over a KV cache of fixed capacity; greedy, sampled, or by beams. */
import { argmax, banRepeated, type Compiled, compile, logSoftmax, type Tensor, topK } from '../engine/index.ts';
import type { HostBatch, TokenBatch } from './batch.ts';
import { BeamSearch, type Candidate, type Hypothesis } from './beam-search.ts';
import { decodeStep, head, type KeyValueCache, prefill } from './decoder.ts';
import { GenerationRun } from './generation-run.ts';
import { decoderInput, type Kosmos2 } from './kosmos2.ts';
import { checkSampling, type SamplingOptions, sampleToken } from './sampling.ts';
import { StepPace } from './step-pace.ts';

export interface GenerateOptions {
  /** Default 64. Less where the context ends earlier. */
  maxNewTokens?: number;
  /** No n-gram of this size occurs twice in prompt and answer together; 0 allows all. Default: the checkpoint's setting. */
  noRepeatNgramSize?: number;
  /** Draw tokens instead of taking the likeliest. */
  sampling?: SamplingOptions;
  /**
   * Submits a step before the token of the one before it is read, which the device knows already: what the host does meanwhile takes no time then, but the last
   * step may be for nothing. Default: where a step takes less than 50 ms. Never while tokens are drawn, for that is done by the host.
   */
  ahead?: boolean;
  /** Stops between two steps; what was generated so far is kept. */
  signal?: AbortSignal;
  /** Hears the raw logits of every step, before bans: rows × vocabulary. */
  inspect?: (logits: Float32Array, step: number) => void;
  /** Hears how many kernels of a new plan are compiled. */
  onCompile?: (done: number, all: number) => void;
}

export interface BeamGenerateOptions extends Omit<GenerateOptions, 'sampling' | 'ahead' | 'inspect'> {
  beams: number;
  /** Default 1. */
  lengthPenalty?: number;
  /** Default false. */
  earlyStopping?: boolean;
}

/** One new token. */
export interface GeneratedToken {
  readonly row: number;
  readonly id: number;
  readonly step: number;
}

export interface GeneratedRow {
  /** New tokens, up to and including `</s>` if it came. */
  readonly ids: readonly number[];
  /** `end`: `</s>`; `length`: the limit; `cancelled`: the signal. */
  readonly stopped: 'end' | 'length' | 'cancelled';
}

/** How a step turns logits into what the host needs. */
type Selection = 'token' | 'logits' | 'candidates';

interface StepResult {
  readonly cache: KeyValueCache;
  readonly token: Tensor | null;
  readonly logits: Tensor | null;
  readonly candidates: { readonly values: Tensor; readonly indices: Tensor } | null;
  readonly raw: Tensor | null;
}

/** The history in which n-grams are looked for: i32 [rows, capacity], in which a step's own tokens may be missing, and [rows, 2]; and what beams have scored so far, [rows, 1]. */
interface SelectionInput {
  readonly history: Tensor;
  readonly historyBounds: Tensor;
  readonly scores: Tensor | null;
}

interface Batch {
  readonly ids: Tensor;
  readonly positionIds: Tensor;
  readonly bounds: Tensor;
  readonly slots: { readonly mask: Tensor; readonly index: Tensor } | null;
  readonly vectors: Tensor | null;
}

type Prefill = (
  cache: KeyValueCache,
  table: Tensor,
  batch: Batch,
  start: Tensor,
  selection: SelectionInput,
) => StepResult;
type Step = (
  cache: KeyValueCache,
  table: Tensor,
  batch: Batch,
  selection: SelectionInput,
  source: Tensor | null,
) => StepResult;

interface Functions {
  /** Whoever called last. */
  readonly listener: { onCompile: GenerateOptions['onCompile'] };
  readonly pace: StepPace;
  readonly prefill: Compiled<Parameters<Prefill>, StepResult>;
  readonly step: Compiled<Parameters<Step>, StepResult>;
}

/** Generates with one model; keeps the compiled steps. */
export class Generator {
  readonly #model: Kosmos2;
  readonly #functions = new Map<string, Functions>();

  constructor(model: Kosmos2) {
    this.#model = model;
  }

  /** All rows to their end. */
  async generate(batch: TokenBatch, images: Tensor | null, options: GenerateOptions = {}): Promise<GeneratedRow[]> {
    const rows = batch.inputIds.map((): { ids: number[] } => ({ ids: [] }));
    for await (const { row, id } of this.stream(batch, images, options)) rows[row].ids.push(id);
    const { eosTokenId } = this.#model.config.text;
    const cancelled = options.signal?.aborted ?? false;
    return rows.map(({ ids }) => ({
      ids,
      stopped: ids.at(-1) === eosTokenId ? 'end' : cancelled ? 'cancelled' : 'length',
    }));
  }

  /** Tokens as they come, rows in turn. Prompts are padded left (or equally long); `images` are the vectors for their slots, in order. */
  async *stream(
    batch: TokenBatch,
    images: Tensor | null,
    options: GenerateOptions = {},
  ): AsyncGenerator<GeneratedToken, void> {
    const { noRepeatNgramSize: ngram = this.#model.config.text.noRepeatNgramSize, sampling, signal, inspect } = options;
    if (sampling) checkSampling(sampling);
    if (signal?.aborted) return;
    const host = this.#model.prepareBatch(batch, images);
    const functions = this.#functionsFor(
      sampling ? 'logits' : 'token',
      ngram,
      inspect !== undefined,
      0,
      options.onCompile,
    );
    const run = this.#start(host, batch, 1, options.maxNewTokens);
    const finished = new Array<boolean>(host.rows).fill(false);
    const { pace, step: next } = functions;
    const submit = ({ token }: StepResult): Promise<StepResult> => {
      run.extend();
      const submitted = next(run.cache, ...run.stepArguments(token), null);
      // a failure is for whoever takes the result, which may be nobody
      submitted.catch(() => undefined);
      return submitted;
    };
    let taken: StepResult | null = null;
    let coming = functions.prefill(run.cache, ...run.prefillArguments(host, images));
    try {
      for (let step = 0; ; step++) {
        const result = await coming;
        run.cache = result.cache;
        if (taken) disposeResult(taken);
        taken = result;
        const isLast = step + 1 >= run.maxNewTokens;
        const reading = Promise.all([chooseTokens(result, sampling, step), result.raw?.read()]);
        const isAhead = !sampling && !isLast && (options.ahead ?? pace.isShort);
        // the device goes on while the host reads
        if (isAhead) coming = submit(result);
        const [tokens, raw] = await reading;
        if (step === 0) pace.begin();
        else pace.end();
        if (raw) inspect?.(raw as Float32Array, step);
        run.note(tokens);
        for (const [row, id] of tokens.entries()) {
          if (finished[row]) continue;
          yield { row, id, step };
          finished[row] = id === this.#model.config.text.eosTokenId;
        }
        if (finished.every(Boolean) || isLast || signal?.aborted) return;
        if (isAhead) continue;
        pace.begin();
        coming = submit(result);
      }
    } finally {
      const last = await coming.catch(() => null);
      for (const result of [taken, last]) if (result) disposeResult(result);
      if (last) run.cache = last.cache;
      run.dispose();
    }
  }

  /** Beam search: for each row the best hypotheses, best first, at most `beams` of them. Rows and images are as in `stream`. */
  async beamSearch(batch: TokenBatch, images: Tensor | null, options: BeamGenerateOptions): Promise<Hypothesis[][]> {
    const {
      beams,
      lengthPenalty = 1,
      earlyStopping = false,
      noRepeatNgramSize: ngram = this.#model.config.text.noRepeatNgramSize,
    } = options;
    if (!Number.isInteger(beams) || beams < 2 || beams > 32)
      throw new Error(`the number of beams must lie between 2 and 32, got ${beams}`);
    const host = this.#model.prepareBatch(batch, images);
    const { eosTokenId, vocabSize } = this.#model.config.text;
    const functions = this.#functionsFor('candidates', ngram, false, beams, options.onCompile);
    const run = this.#start(host, batch, beams, options.maxNewTokens);
    const { maxNewTokens } = run;
    const searches = Array.from(
      { length: host.rows },
      () => new BeamSearch({ beams, maxNewTokens, eosTokenId, lengthPenalty, earlyStopping }),
    );
    try {
      let result = await functions.prefill(run.cache, ...run.prefillArguments(host, images));
      for (;;) {
        run.cache = result.cache;
        const candidates = await readCandidates(result, vocabSize);
        disposeResult(result);
        for (const [prompt, search] of searches.entries()) if (!search.done) search.advance(candidates[prompt]);
        if (searches.every(({ done }) => done) || options.signal?.aborted)
          return searches.map(({ resultsSoFar }) => [...resultsSoFar]);
        const scores = run.reorder(searches.map(({ done, running }) => (done ? [] : running)));
        result = await functions.step(run.cache, ...run.stepArguments(null, scores), run.source());
      }
    } finally {
      run.dispose();
    }
  }

  /** Throws when a prompt of so many tokens leaves no room for an answer. */
  checkRoom(length: number): void {
    const context = this.#model.config.text.maxPositionEmbeddings;
    if (length >= context) {
      throw new Error(
        `the prompt has ${length} tokens (image slots included), but the context of this model ends at ${context}; shorten it`,
      );
    }
  }

  #start(host: HostBatch, batch: TokenBatch, beams: number, wanted = 64): GenerationRun {
    const { config } = this.#model;
    const context = config.text.maxPositionEmbeddings;
    if (!Number.isInteger(wanted) || wanted < 1)
      throw new Error(`the number of new tokens must be a whole number ≥ 1, got ${wanted}`);
    this.checkRoom(host.length);
    if (batch.attentionMask.some((mask) => mask[host.length - 1] !== 1)) {
      throw new Error('generation continues the last column: pad the prompts on the left');
    }
    return new GenerationRun(this.#model, host, batch, beams, Math.min(wanted, context - host.length));
  }

  #functionsFor(
    selection: Selection,
    ngram: number,
    inspect: boolean,
    beams: number,
    onCompile?: GenerateOptions['onCompile'],
  ): Functions {
    if (!Number.isInteger(ngram) || ngram < 0)
      throw new Error(`the n-gram size must be a whole number ≥ 0, got ${ngram}`);
    const key = `${selection} ${ngram} ${inspect} ${beams}`;
    const known = this.#functions.get(key);
    if (known) {
      known.listener.onCompile = onCompile;
      return known;
    }
    const { config, weights, device } = this.#model;
    const decoder = weights.text_model.model;
    const select = (
      last: Tensor,
      cache: KeyValueCache,
      { history, historyBounds, scores }: SelectionInput,
      newest?: Tensor,
    ): StepResult => {
      const raw = head(decoder, last);
      const base = selection === 'candidates' ? logSoftmax(raw) : raw;
      const allowed = ngram > 0 ? banRepeated(base, history, historyBounds, ngram, newest) : base;
      const nothing = { token: null, logits: null, candidates: null };
      const chosen = { cache, ...nothing, raw: inspect ? raw : null };
      // as the next step takes it
      if (selection === 'token') return { ...chosen, token: argmax(allowed).reshape([-1, 1]) };
      if (selection === 'logits') return { ...chosen, logits: allowed };
      // before the first step a prompt has one row, then one for each beam
      const summed = scores ? allowed.add(scores).reshape([last.shape[0] / beams, -1]) : allowed;
      return { ...chosen, candidates: topK(summed, 2 * beams) };
    };
    const input = ({ ids, positionIds, bounds, slots, vectors }: Batch) =>
      decoderInput(ids, positionIds, bounds, slots, vectors);
    const prefillStep: Prefill = (cache, table, batch, start, selectionInput) => {
      const result = prefill(decoder, config.text, table, input(batch), cache, start);
      return select(result.last, result.cache, selectionInput);
    };
    const tokenStep: Step = (cache, table, batch, selectionInput, source) => {
      const result = decodeStep(decoder, config.text, table, input(batch), cache, source ?? undefined);
      return select(result.last, result.cache, selectionInput, batch.ids.reshape([-1]));
    };
    const listener = { onCompile };
    const hear = (done: number, all: number) => listener.onCompile?.(done, all);
    const options = { donate: [0], device, onCompile: hear };
    const functions = {
      listener,
      pace: new StepPace(),
      prefill: compile(prefillStep, { ...options, name: 'prefill' }),
      step: compile(tokenStep, { ...options, name: 'decode step' }),
    };
    this.#functions.set(key, functions);
    return functions;
  }

  /** The cost of the plans used last, by name. */
  describe(): Record<string, ReturnType<Functions['step']['describe']>> {
    const plans: Record<string, ReturnType<Functions['step']['describe']>> = {};
    for (const [key, { prefill: first, step }] of this.#functions) {
      for (const [name, compiled] of Object.entries({ prefill: first, step })) {
        try {
          plans[`${name} ${key}`] = compiled.describe();
        } catch {
          // this one was never run
        }
      }
    }
    return plans;
  }

  dispose(): void {
    for (const { prefill: first, step } of this.#functions.values()) {
      first.dispose();
      step.dispose();
    }
    this.#functions.clear();
  }
}

async function chooseTokens(
  { token, logits }: StepResult,
  sampling: SamplingOptions | undefined,
  step: number,
): Promise<number[]> {
  if (token) return checkedPlaces(await token.read());
  const [rows, vocabulary] = logits!.shape;
  const values = (await logits!.read()) as Float32Array;
  return Array.from({ length: rows }, (_, row) =>
    sampleToken(values.subarray(row * vocabulary, (row + 1) * vocabulary), sampling!, row, step),
  );
}

/** Places of the largest logits; throws where these are no numbers. */
function checkedPlaces(places: ArrayLike<number>): number[] {
  const all = Array.from(places);
  if (all.some((place) => place < 0))
    throw new Error('no token can be chosen: logits are not numbers; are the weights of the model sound?');
  return all;
}

/** Candidates of a beam step for each prompt, best first, without those that a ban rules out. */
async function readCandidates({ candidates }: StepResult, vocabSize: number): Promise<Candidate[][]> {
  const [prompts, each] = candidates!.values.shape;
  const values = (await candidates!.values.read()) as Float32Array;
  const indices = checkedPlaces(await candidates!.indices.read());
  return Array.from({ length: prompts }, (_, prompt) => {
    const from = prompt * each;
    const own = Array.from(values.subarray(from, from + each), (score, rank) => {
      const index = indices[from + rank];
      return { score, beam: Math.floor(index / vocabSize), token: index % vocabSize };
    });
    return own.filter(({ score }) => score > -1e29);
  });
}

function disposeResult({ token, logits, candidates, raw }: StepResult): void {
  for (const tensor of [token, logits, candidates?.values, candidates?.indices, raw]) tensor?.dispose();
}
