/** Rows that are answered by the likelihood of their options. */
import type { Processor, RgbImage } from '../../data/index.ts';
import { type AlternativeSet, type Kosmos2Config, LikelihoodScorer } from '../../model/index.ts';
import type { Choosing } from './asking.ts';
import { PictureEncoder } from './picture-encoder.ts';
import { longestOf, mostOf, type Prepared, type Respondent, type Response, rowsWithin } from './respondent.ts';
import { preprocessorOf, type Subject } from './subject.ts';

interface PreparedOptions<T> extends Prepared<T> {
  /** The context of all options; null where they have different ones. */
  readonly prompt: string | null;
  readonly set: AlternativeSet;
}

export class Chooser<T> implements Respondent<T, PreparedOptions<T>> {
  readonly room: number;
  readonly #processor: Processor;
  readonly #asking: Choosing<T>;
  readonly #encoder: PictureEncoder;
  readonly #scorer: LikelihoodScorer;
  readonly #config: Kosmos2Config;
  readonly #signal: AbortSignal | undefined;

  constructor(subject: Subject, asking: Choosing<T>, signal?: AbortSignal) {
    const { maxPositionEmbeddings } = subject.model.config.text;
    this.room = maxPositionEmbeddings;
    this.#processor = subject.processor;
    this.#asking = asking;
    this.#encoder = new PictureEncoder(subject.model, preprocessorOf(subject));
    this.#scorer = new LikelihoodScorer(subject.model);
    this.#config = subject.model.config;
    this.#signal = signal;
  }

  /** Context and option are tokenised apart; the texts are nothing but text, tags in them too. */
  prepare(item: T): PreparedOptions<T> {
    const options = this.#asking.ask(item);
    const picture = this.#asking.pictureOf(item);
    const pictures = picture === null ? [] : [picture];
    let imageMask: number[] | undefined;
    const alternatives = options.map(({ context, text }) => {
      const batch = this.#processor.process(context, {
        images: pictures.length,
        imagePlacement: 'front',
        literalTags: true,
      });
      imageMask ??= batch.imageEmbedsPositionMask?.[0];
      const [before] = batch.inputIds;
      const scored = this.#processor.tokenizer.encode(text, { literalTags: true });
      return { ids: [...before, ...scored], scoredFrom: before.length };
    });
    const empty = alternatives.findIndex(({ ids, scoredFrom }) => ids.length === scoredFrom);
    if (empty >= 0) throw new Error(`option ${empty} has nothing to score`);
    const length = Math.max(...alternatives.map(({ ids }) => ids.length));
    const [{ context }] = options;
    const prompt = options.every((option) => option.context === context) ? context : null;
    return { item, pictures, length, prompt, set: { alternatives, imageMask } };
  }

  /** By length, for little padding; the longest first, for what they need is needed at once. */
  order(prepared: readonly PreparedOptions<T>[]): readonly PreparedOptions<T>[] {
    return [...prepared].sort((a, b) => b.length - a.length);
  }

  batchFor(prepared: readonly PreparedOptions<T>[]): number {
    const options = mostOf(prepared, ({ set }) => set.alternatives.length);
    return Math.max(1, Math.floor(rowsWithin(longestOf(prepared), this.#config) / options));
  }

  async respond(
    batch: readonly { readonly prepared: PreparedOptions<T>; readonly images: readonly RgbImage[] }[],
  ): Promise<Response[]> {
    this.#signal?.throwIfAborted();
    const sets = batch.map(({ prepared }) => prepared.set);
    const vectors = await this.#encoder.encode(batch.flatMap(({ images }) => images));
    try {
      const scores = await this.#scorer.score(sets, vectors);
      return scores.map((logProbabilities, i) => {
        const tokens = logProbabilities.reduce((sum, { length }) => sum + length, batch[i].prepared.length);
        return { row: { prompt: batch[i].prepared.prompt, logProbabilities }, tokens };
      });
    } finally {
      vectors?.dispose();
    }
  }

  dispose(): void {
    this.#encoder.dispose();
    this.#scorer.dispose();
  }
}
