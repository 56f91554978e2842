/** A corpus of training data as an endless stream of examples. */
import { type CorpusConfig, checkCorpusConfig } from './config.ts';
import { dataFiles } from './data-files.ts';
import type { ExampleStream, ProblemCount, TrainingExample } from './example.ts';
import { PicturePool } from './picture-pool.ts';
import { ProblemLog } from './problems.ts';
import { ReadAhead } from './read-ahead.ts';
import { type CorpusPlace, type CorpusState, checkState, firstState, identityOf } from './state.ts';
import { type CorpusContext, type Source, type Step, steps } from './steps.ts';
import { endId, patchId, TAGS, tagId } from './tags.ts';

/**
 * Opens a corpus. Files are read piece by piece; memory holds one window of records (`shuffleBuffer`, at most 64 MiB) and the examples
 * that are got ready ahead (`readAhead`).
 *
 * @param state what `state()` of another stream over the same files gave, to go on behind the example that it gave last
 * @throws Error naming the field of the configuration or context that cannot be used, or the path that is not there
 */
export async function openCorpus(
  config: CorpusConfig,
  context: CorpusContext,
  state?: unknown,
): Promise<ExampleStream> {
  const checked = checkCorpusConfig(config);
  checkContext(context);
  const files = await dataFiles(checked.path, checked.format);
  const of = identityOf(checked, files, context.seed);
  const from = state === undefined || state === null ? firstState(of) : checkState(state, of);
  const pool = context.pictures ?? new PicturePool(checked.workers);
  return new Corpus({ config: checked, context, files, pool }, from);
}

class Corpus implements ExampleStream {
  readonly #source: Source;
  readonly #of: CorpusState['of'];
  readonly #steps: ReadAhead<Step>;
  readonly #log: ProblemLog;
  #place: CorpusPlace;
  /** Whether the epoch has had a record that can be used. */
  #isUsable: boolean;

  constructor(source: Source, { of, cursor, line, isUsable, problems }: CorpusState) {
    this.#source = source;
    this.#of = of;
    this.#place = { cursor, line };
    this.#isUsable = isUsable;
    this.#log = new ProblemLog(problems);
    this.#steps = new ReadAhead(steps(source, this.#place), source.config.readAhead);
  }

  async next(): Promise<TrainingExample> {
    for (;;) {
      const step = await this.#steps.next();
      const { example, problems, isUsable } = await step.outcome;
      for (const problem of problems) this.#log.add(problem);
      this.#place = step.next;
      this.#isUsable ||= isUsable;
      if (step.endOf !== null) this.#endEpoch();
      if (example !== null) return example;
    }
  }

  state(): CorpusState {
    return { ...this.#place, of: this.#of, isUsable: this.#isUsable, problems: this.#log.list() };
  }

  problems(): readonly ProblemCount[] {
    return this.#log.list();
  }

  async close(): Promise<void> {
    await this.#steps.close();
    if (this.#source.context.pictures === undefined) await this.#source.pool.close();
  }

  /** Without this a corpus of which nothing can be used would be read for ever. */
  #endEpoch(): void {
    if (!this.#isUsable) {
      const { path, kind } = this.#source.config;
      const found = this.#log.list().map(({ reason, count, examples }) => `${count} × ${reason} (${examples[0]})`);
      throw new Error(
        `${path.join(', ')}: no training data of the kind ${kind} in the ${this.#source.files.length} files: ` +
          (found.join('; ') || 'they hold no record'),
      );
    }
    this.#isUsable = false;
  }
}

function checkContext(context: CorpusContext): void {
  for (const name of ['imageSize', 'gridSize', 'latents', 'sequenceLength'] as const) {
    const value = context[name];
    if (!Number.isSafeInteger(value) || value < 1)
      throw new Error(`corpus: ${name} must be a whole number of at least 1, found ${value}`);
  }
  if (!Number.isSafeInteger(context.seed) || context.seed < 0)
    throw new Error(`corpus: seed must be a whole number of at least 0, found ${context.seed}`);
  for (const tag of Object.keys(TAGS) as (keyof typeof TAGS)[]) tagId(context.tokenizer, tag);
  for (const which of ['bos', 'eos', 'pad'] as const) endId(context.tokenizer, which);
  patchId(context.tokenizer, context.gridSize ** 2 - 1);
}
