/** Rows that are answered by writing. */
import type { RgbImage } from '../../data/index.ts';
import type { Kosmos2Config } from '../../model/index.ts';
import { Answerer, PROMPT_STEP } from './answerer.ts';
import type { AskingContext, Prompted, Writing } from './asking.ts';
import { longestOf, type Prepared, type Respondent, type Response, rowsWithin } from './respondent.ts';
import type { Subject } from './subject.ts';

interface PreparedPrompt<T> extends Prepared<T> {
  readonly prompted: Prompted<T>;
}

export class Writer<T> implements Respondent<T, PreparedPrompt<T>> {
  readonly room: number;
  readonly #answerer: Answerer;
  readonly #asking: Writing<T>;
  readonly #context: AskingContext<T>;
  readonly #maxNewTokens: number;
  readonly #config: Kosmos2Config;
  readonly #signal: AbortSignal | undefined;

  constructor(subject: Subject, asking: Writing<T>, context: AskingContext<T>, signal?: AbortSignal) {
    const { maxPositionEmbeddings } = subject.model.config.text;
    this.#answerer = new Answerer(subject);
    this.#asking = asking;
    this.#context = context;
    this.#signal = signal;
    this.#config = subject.model.config;
    // the same for every prompt, so that an answer does not depend on the company of a batch
    this.#maxNewTokens = Math.min(asking.decoding.maxNewTokens, Math.floor(maxPositionEmbeddings / 2));
    const whole = Math.floor((maxPositionEmbeddings - this.#maxNewTokens) / PROMPT_STEP) * PROMPT_STEP;
    this.room = Math.min(whole, asking.decoding.maxTokens ?? Infinity);
  }

  prepare(item: T): PreparedPrompt<T> {
    const prompted = this.#asking.ask(item, this.#context);
    const { prompt, shots = [], boxes } = prompted;
    const pictures = [...shots, item].map(this.#asking.pictureOf).filter((source) => source !== null);
    const [ids] = this.#answerer.processor.process(prompt, { images: pictures.length, bboxes: boxes }).inputIds;
    return { item, pictures, length: ids.length, prompted };
  }

  /** As in the data, where neighbours often ask about the same picture. */
  order(prepared: readonly PreparedPrompt<T>[]): readonly PreparedPrompt<T>[] {
    return prepared;
  }

  batchFor(prepared: readonly PreparedPrompt<T>[]): number {
    const rows = rowsWithin(longestOf(prepared) + this.#maxNewTokens, this.#config);
    return Math.max(1, Math.floor(rows / (this.#asking.decoding.beams ?? 1)));
  }

  async respond(
    batch: readonly { readonly prepared: PreparedPrompt<T>; readonly images: readonly RgbImage[] }[],
  ): Promise<Response[]> {
    const { maxTokens, beams } = this.#asking.decoding;
    const questions = batch.map(({ prepared, images }) => ({ ...prepared.prompted, images }));
    const options = { maxNewTokens: this.#maxNewTokens, maxTokens, beams, signal: this.#signal };
    const answers = await this.#answerer.answer(questions, options);
    return answers.map((written, i) => {
      const { item, prompted } = batch[i].prepared;
      const { width, height } = batch[i].images.at(-1) ?? { width: 1, height: 1 };
      const prediction = this.#asking.predict(written, item, { width, height });
      return { row: { prompt: prompted.prompt, output: written.output, ...prediction }, tokens: written.tokens };
    });
  }

  dispose(): void {
    this.#answerer.dispose();
  }
}
