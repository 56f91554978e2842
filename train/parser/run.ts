/** A parser's training in a folder: checkpoints, metrics, and the best parser so far. */
import { parameterShapes } from '../../data/grit/parser/config.ts';
import { Parser } from '../../data/grit/parser/parser.ts';
import { Vocabulary } from '../../data/grit/parser/vocabulary.ts';
import { type AdapterChoice, requestDevice, runtime, type Tensor } from '../../engine/index.ts';
import { checkSameFields } from '../config/same-fields.ts';
import { MetricsLog } from '../report/metrics.ts';
import { type PackedBatch, packedBatch, packRows } from './batch.ts';
import { CaptionGrammar } from './captions/index.ts';
import {
  loadParserState,
  newestParserCheckpoint,
  type ParserRunState,
  saveParserCheckpoint,
  writeParserFolder,
} from './checkpoint.ts';
import type { ParserTraining } from './config.ts';
import { countVocabulary } from './count-vocabulary.ts';
import { ParserData, type ParserDataOptions, trainingSentence } from './data.ts';
import { initialParameters } from './initialize.ts';
import { type ParserScores, scoreParses } from './score.ts';
import { freshState, type ParserStepReport, ParserTrainer } from './trainer.ts';
import { readSection, type TreebankSentence } from './treebank.ts';

export interface ParserRunOptions {
  readonly training: ParserTraining;
  /** The folder of the treebank. */
  readonly data: string;
  readonly out: string;
  readonly resume: boolean;
  readonly adapter?: AdapterChoice;
  /** Aborted: the run saves after the step at hand and returns. */
  readonly signal?: AbortSignal;
  readonly onStart?: (adapter: string, firstStep: number) => void;
  readonly onCompile?: (done: number, all: number) => void;
  readonly onStep?: (report: ParserStepReport, tokensPerSecond: number) => void;
  readonly onNote?: (text: string) => void;
}

export interface ParserRunResult {
  readonly step: number;
  readonly finished: boolean;
  /** The folder of the best parser; null before the first validation. */
  readonly model: string | null;
  readonly bestLas: number;
}

/** Epochs of captions whose words are counted: rare ones are seen twice then. */
const CAPTIONS_COUNTED = 2;
/** Steps in a row without an update after which a run gives up. */
const MOST_SKIPPED = 5;

/** @throws Error that says what is wrong with the data, the folder or the device */
export async function runParserTraining(options: ParserRunOptions): Promise<ParserRunResult> {
  const { training, out } = options;
  const checkpoints = `${out}/checkpoints`;
  const found = await newestParserCheckpoint(checkpoints);
  if (found && !options.resume)
    throw new Error(
      `${out} holds a run that has come to step ${found.state.step}; go on with --resume, or give another --out`,
    );
  if (found)
    checkSameFields(fixedFields(found.state.training), fixedFields(training), found.folder, 'give another --out');
  const sections = { train: await readSection(options.data, 'train'), dev: await readSection(options.data, 'dev') };
  const captions = captionsOf(training, sections.train.length);
  const vocabulary = trainingVocabulary(sections.train, captions);
  await (await runtime()).makeFolder(checkpoints);
  const device = await requestDevice({ adapter: options.adapter });
  try {
    const shapes = parameterShapes(training.model, vocabulary);
    const tensors = found
      ? await loadParserState(found.folder, shapes, device)
      : freshState(initialParameters(training.model, vocabulary, training.seed), shapes, device);
    const trainer = new ParserTrainer(training, tensors, device, options);
    const metrics = await MetricsLog.open(`${out}/metrics.jsonl`, found?.state.step);
    try {
      const { noise, seed, batch } = training;
      const data = new ParserData(sections.train, vocabulary, batch, {
        noise,
        seed,
        captions,
        position: found?.state.data,
      });
      if (data.leftOut > 0)
        options.onNote?.(`${data.leftOut} sentences of more than ${batch.length} words are left out`);
      const state = found?.state ?? { step: 0, data: data.position, seconds: 0, bestLas: 0, training };
      options.onStart?.(device.description, state.step + 1);
      return await new ParserRun(options, { vocabulary, trainer, metrics, data, dev: sections.dev }, state).toEnd();
    } finally {
      await metrics.close();
      trainer.dispose();
    }
  } finally {
    device.close();
  }
}

/** What a training takes from the grammar of captions; undefined for nothing. */
export function captionsOf({ captions, seed }: ParserTraining, sentences: number): ParserDataOptions['captions'] {
  const count = Math.round(captions * sentences);
  return count > 0 ? { grammar: new CaptionGrammar(seed), count } : undefined;
}

/** Words of the treebank, and those of the first captions. */
export function trainingVocabulary(
  treebank: readonly TreebankSentence[],
  captions: ParserDataOptions['captions'],
): Vocabulary {
  const made = captions ? captions.grammar.captions(0, CAPTIONS_COUNTED * captions.count) : [];
  return new Vocabulary(countVocabulary([...treebank, ...made]));
}

/** What decides on the network, and on which sentences come when. A run may be lengthened and its rates changed. */
function fixedFields({ model, seed, batch, noise, captions }: ParserTraining) {
  return { model, seed, batch, noise, captions };
}

interface RunParts {
  readonly vocabulary: Vocabulary;
  readonly trainer: ParserTrainer;
  readonly metrics: MetricsLog;
  readonly data: ParserData;
  readonly dev: readonly TreebankSentence[];
}

class ParserRun {
  readonly #options: ParserRunOptions;
  readonly #parts: RunParts;
  readonly #dev: readonly TreebankSentence[];
  readonly #devBatches: readonly PackedBatch[];
  #state: ParserRunState;
  #skippedInRow = 0;
  #lastReport = performance.now();

  constructor(options: ParserRunOptions, parts: RunParts, state: ParserRunState) {
    const { batch, validation } = options.training;
    this.#options = options;
    this.#parts = parts;
    this.#state = { ...state, training: options.training };
    this.#dev = validation.sentences > 0 ? parts.dev.slice(0, validation.sentences) : parts.dev;
    const fitting = this.#dev.filter(({ forms }) => forms.length <= batch.length);
    const encoded = fitting.map((sentence) => trainingSentence(sentence, parts.vocabulary));
    this.#devBatches = packRows(encoded, batch).map((packed) => packedBatch(packed, batch));
  }

  async toEnd(): Promise<ParserRunResult> {
    const { training, signal } = this.#options;
    const { trainer, data } = this.#parts;
    let saved = this.#state.step;
    for (let step = this.#state.step + 1; step <= training.steps && !signal?.aborted; step++) {
      const batch = data.next();
      const { report } = await trainer.step(step, batch);
      await this.#settle(await report);
      const isDue = (every: number) => step === training.steps || (every > 0 && step % every === 0);
      if (isDue(training.validation.every)) await this.#validate();
      if (!isDue(training.checkpoint.every)) continue;
      await this.#save();
      saved = step;
    }
    const { step, bestLas } = this.#state;
    if (saved < step) await this.#save();
    return { step, finished: step >= training.steps, model: bestLas > 0 ? this.#modelFolder : null, bestLas };
  }

  get #modelFolder(): string {
    return `${this.#options.out}/model`;
  }

  async #settle(report: ParserStepReport): Promise<void> {
    const now = performance.now();
    const seconds = (now - this.#lastReport) / 1000;
    this.#lastReport = now;
    const { step, loss, losses, learningRate, gradientNorm, tokens } = report;
    const skipped = !Number.isFinite(gradientNorm);
    this.#state = {
      ...this.#state,
      step,
      data: this.#parts.data.position,
      seconds: this.#state.seconds + seconds,
    };
    const tokensPerSecond = tokens / seconds;
    const row = { step, loss, learningRate, gradientNorm, tokensPerSecond, seconds, lossByKind: { ...losses } };
    await this.#parts.metrics.append({ kind: 'step', ...row, ...(skipped ? { skipped } : {}) });
    this.#options.onStep?.(report, tokensPerSecond);
    this.#skippedInRow = skipped ? this.#skippedInRow + 1 : 0;
    if (this.#skippedInRow >= MOST_SKIPPED)
      throw new Error(
        `the gradients of ${MOST_SKIPPED} steps in a row, up to step ${step}, are not finite: lower optimizer.learningRate ` +
          `(${learningRate} now) or lengthen schedule.warmup, and go on from the last checkpoint with --resume`,
      );
  }

  /** Scores the averaged parameters on the development section, and keeps the best ones. */
  async #validate(): Promise<void> {
    const { training } = this.#options;
    const { trainer, vocabulary, metrics } = this.#parts;
    const { step } = this.#state;
    const validationLoss = await trainer.loss(this.#devBatches);
    const weights = await readAll(trainer.state.average);
    const scores = scoreSection(new Parser(training.model, vocabulary, weights), this.#dev);
    const { words, ...shares } = scores;
    await metrics.append({ kind: 'validation', step, validationLoss, metrics: shares });
    this.#options.onNote?.(`step ${step}: loss ${validationLoss.toFixed(4)}, ${describeScores(scores)}`);
    if (scores.las > this.#state.bestLas) {
      const shapes = parameterShapes(training.model, vocabulary);
      await writeParserFolder(this.#modelFolder, training, vocabulary, weights, shapes);
      this.#state = { ...this.#state, bestLas: scores.las };
    }
    this.#lastReport = performance.now();
  }

  async #save(): Promise<void> {
    const path = `${this.#options.out}/checkpoints`;
    await saveParserCheckpoint(
      { path, keep: this.#options.training.checkpoint.keep },
      this.#parts.trainer.state,
      this.#state,
    );
    this.#lastReport = performance.now();
  }
}

/** How well a parser does on sentences whose words are given. */
export function scoreSection(parser: Parser, sentences: readonly TreebankSentence[]): ParserScores {
  return scoreParses(parser.parse(sentences.map(({ forms }) => forms)), sentences);
}

/** `UPOS 95.12 %, UAS …`, for people. */
export function describeScores({ upos, xpos, uas, las, words }: ParserScores): string {
  const show = (name: string, share: number) => `${name} ${(100 * share).toFixed(2)} %`;
  return `${[show('UPOS', upos), show('XPOS', xpos), show('UAS', uas), show('LAS', las)].join(', ')} of ${words} words`;
}

async function readAll(tensors: Readonly<Record<string, Tensor>>): Promise<Record<string, Float32Array>> {
  const entries = Object.entries(tensors).map(async ([name, tensor]) => [name, (await tensor.read()) as Float32Array]);
  return Object.fromEntries(await Promise.all(entries));
}
