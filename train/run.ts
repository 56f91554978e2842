/** A whole training run in a folder: data, steps, metrics, validation, checkpoints, report; from the start or from the newest checkpoint. */
import type { Mixture, MixtureState } from '../data/index.ts';
import { type AdapterChoice, type Device, requestDevice, runtime } from '../engine/index.ts';
import { loadParameters } from '../model/index.ts';
import { loadMoments, newestCheckpoint, type RunState, saveCheckpoint, writeModelFolder } from './checkpoint.ts';
import type { Json } from './config/fields.ts';
import { checkSameFields } from './config/same-fields.ts';
import { parseTrainConfig, type TrainConfig } from './config.ts';
import { openTrainingData, validationBatches } from './data.ts';
import { type ModelSetup, prepareModel } from './model-files.ts';
import { RunLog } from './run-log.ts';
import { startingParameters } from './starting-parameters.ts';
import { splitParameters } from './step.ts';
import { type NamedExamples, type StepReport, type SubmittedStep, Trainer } from './trainer.ts';
import { Validator } from './validation.ts';

export interface TrainRunOptions {
  /** The parsed configuration, and what errors call it. */
  readonly configuration: unknown;
  readonly name: string;
  /** The run's folder; made where it is not there. */
  readonly out: string;
  /** Instead of the configuration's. */
  readonly steps?: number;
  readonly seed?: number;
  /** Goes on from the newest checkpoint in `out`. */
  readonly resume?: boolean;
  readonly adapter?: AdapterChoice;
  /** Ends the run after the step at hand, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onStart?: (training: TrainConfig, adapter: string, firstStep: number) => void;
  readonly onStep?: (report: StepReport, tokensPerSecond: number, training: TrainConfig) => void;
  readonly onCompile?: (done: number, all: number) => void;
  /** Things worth a line of their own: a validation, a checkpoint, a step that was left out. */
  readonly onNote?: (text: string) => void;
}

export interface TrainRunResult {
  readonly step: number;
  readonly finished: boolean;
  /** The trained model in f16; null for a run that was interrupted. */
  readonly model: string | null;
  readonly report: string;
}

/** Steps in a row without an update after which a run gives up. */
const MOST_SKIPPED = 5;

/** Fields of a configuration that may differ from those of the checkpoint that a run goes on from; of `optimizer`, the learning rate may. */
const FREE_FIELDS = ['description', 'steps', 'schedule', 'validation', 'checkpoint'];

/** What a step is made from, and where the data goes on behind it. */
interface StepData {
  readonly batches: readonly NamedExamples[];
  readonly state: MixtureState;
}

/** @throws Error for what is wrong with configuration, data or folder, and after steps in a row whose gradients were not finite */
export async function runTraining(options: TrainRunOptions): Promise<TrainRunResult> {
  const parsed = parseTrainConfig(options.configuration, options.name);
  const training = { ...parsed, steps: options.steps ?? parsed.steps, seed: options.seed ?? parsed.seed };
  const checkpoints = `${options.out}/checkpoints`;
  const found = await newestCheckpoint(checkpoints);
  if (found && !options.resume)
    throw new Error(
      `${options.out} holds a run that has come to step ${found.state.step}; go on with --resume, or give another --out`,
    );
  if (found) checkSameRun(found.state.configuration, options.configuration, found.folder);
  if (found && found.state.seed !== training.seed)
    throw new Error(`${found.folder} is of the seed ${found.state.seed}, not ${training.seed}`);
  const setup = await prepareModel(training);
  const here = await runtime();
  await here.makeFolder(checkpoints);
  const device = await requestDevice({ adapter: options.adapter });
  try {
    const run = await Run.open(options, training, setup, device, found);
    try {
      return await run.toEnd();
    } finally {
      await run.close();
    }
  } finally {
    device.close();
  }
}

function checkSameRun(before: unknown, now: unknown, folder: string): void {
  const [was, is] = [before, now].map((configuration) => fixedFields(configuration as Json));
  checkSameFields(was, is, folder, 'give another --out, or start from it with model.init');
}

/** A run may be lengthened, watched otherwise, and go on at another rate. */
function fixedFields({ optimizer, ...others }: Json): Json {
  const { learningRate: _, ...fixed } = (optimizer ?? {}) as Json;
  return Object.fromEntries(
    Object.entries({ ...others, optimizer: fixed }).filter(([name]) => !FREE_FIELDS.includes(name)),
  );
}

interface Parts {
  readonly trainer: Trainer;
  readonly validator: Validator;
  readonly data: Mixture;
  readonly log: RunLog;
}

class Run {
  readonly #options: TrainRunOptions;
  readonly #training: TrainConfig;
  readonly #setup: ModelSetup;
  readonly #parts: Parts;
  #state: RunState;
  #skippedInRow = 0;
  /** Milliseconds when the last step was reported. */
  #lastReport = performance.now();

  private constructor(
    options: TrainRunOptions,
    training: TrainConfig,
    setup: ModelSetup,
    parts: Parts,
    state: RunState,
  ) {
    this.#options = options;
    this.#training = training;
    this.#setup = setup;
    this.#parts = parts;
    this.#state = state;
  }

  static async open(
    options: TrainRunOptions,
    training: TrainConfig,
    setup: ModelSetup,
    device: Device,
    found: Awaited<ReturnType<typeof newestCheckpoint>>,
  ): Promise<Run> {
    const { config, tokenizer } = setup;
    const context = { config, training, tokenizer };
    const data = await openTrainingData(context, found?.state.data as MixtureState | undefined);
    try {
      const parameters = found
        ? await loadParameters(found.folder, config, device)
        : await startingParameters(setup, training, device);
      const optimizer = found && {
        moments: await loadMoments(found.folder, splitParameters(parameters, training.freeze).trained, device),
        lossScale: found.state.lossScale,
      };
      const trainer = new Trainer(config, training, parameters, optimizer, device, { onCompile: options.onCompile });
      const { every, batches } = training.validation;
      const validator = new Validator(
        trainer,
        tokenizer,
        every > 0 ? await validationBatches(context, batches) : [],
        training,
      );
      const log = await RunLog.open(
        options.out,
        training,
        options.configuration as object,
        device.description,
        found?.state.step,
      );
      const state = found?.state ?? {
        step: 0,
        data: data.state(),
        lossScale: null,
        skipped: 0,
        seconds: 0,
        seed: training.seed,
        configuration: options.configuration,
      };
      return new Run(options, training, setup, { trainer, validator, data, log }, state);
    } catch (error) {
      await data.close();
      throw error;
    }
  }

  async toEnd(): Promise<TrainRunResult> {
    const { onStart, signal, out } = this.#options;
    const { steps, checkpoint, validation } = this.#training;
    const { trainer } = this.#parts;
    onStart?.(this.#training, trainer.device.description, this.#state.step + 1);
    let next = this.#take();
    let submitted: { step: SubmittedStep; data: MixtureState } | null = null;
    this.#lastReport = performance.now();
    for (let step = this.#state.step + 1; step <= steps && !signal?.aborted; step++) {
      const { batches, state } = await next;
      // the next step's data are got ready while the device works
      if (step < steps) next = this.#take();
      const current = { step: await trainer.step(step, batches), data: state };
      if (submitted) await this.#settle(submitted.step, submitted.data);
      submitted = current;
      const isDue = (every: number) => every > 0 && (step % every === 0 || step === steps);
      if (!isDue(checkpoint.every) && !isDue(validation.every) && !signal?.aborted) continue;
      await this.#settle(submitted.step, submitted.data);
      submitted = null;
      if (isDue(validation.every)) await this.#validate();
      if (isDue(checkpoint.every) || signal?.aborted) await this.#save();
    }
    if (submitted) {
      await this.#settle(submitted.step, submitted.data);
      await this.#save();
    }
    await next.catch(() => undefined);
    const finished = this.#state.step >= steps;
    const model = finished ? `${out}/model` : null;
    if (model) await this.#writeModel(model);
    return { step: this.#state.step, finished, model, report: await this.#report() };
  }

  async close(): Promise<void> {
    const { trainer, validator, data, log } = this.#parts;
    validator.dispose();
    trainer.dispose();
    await data.close();
    await log.close();
  }

  #take(): Promise<StepData> {
    const { data } = this.#parts;
    const taken = data.nextStep().then((batches) => ({ batches, state: data.state() }));
    // whoever waits for it hears of an error
    taken.catch(() => undefined);
    return taken;
  }

  /** Reads a step's report back, and counts the step as done. */
  async #settle(submitted: SubmittedStep, data: MixtureState): Promise<void> {
    const report = await submitted.report;
    const now = performance.now();
    const seconds = (now - this.#lastReport) / 1000;
    this.#lastReport = now;
    const { skipped, step } = report;
    const before = this.#state;
    this.#state = {
      ...before,
      step,
      data,
      skipped: before.skipped + Number(skipped),
      seconds: before.seconds + seconds,
    };
    this.#options.onStep?.(report, report.tokens / seconds, this.#training);
    await this.#parts.log.step(report, seconds);
    this.#skippedInRow = skipped ? this.#skippedInRow + 1 : 0;
    if (skipped)
      this.#note(
        `step ${step}: the gradients are not finite, so it changed nothing (${this.#state.skipped} such steps so far)`,
      );
    if (this.#skippedInRow >= MOST_SKIPPED)
      throw new Error(
        `the gradients of ${MOST_SKIPPED} steps in a row, up to step ${step}, are not finite: lower optimizer.learningRate ` +
          `(${this.#training.optimizer.learningRate}) or lengthen schedule.warmup (${this.#training.schedule.warmup}), and go on from the last ` +
          'checkpoint with --resume',
      );
  }

  async #validate(): Promise<void> {
    const { validator, log } = this.#parts;
    const { step } = this.#state;
    const loss = await validator.loss();
    const { items } = this.#training.validation;
    const { sheet, scores } = await validator.withModel(async (model) => ({
      sheet: await validator.samples(model),
      scores: await validator.scores(model, items),
    }));
    const shares = Object.entries(scores).map(([name, share]) => `, ${name} ${(100 * share).toFixed(1)} %`);
    if (loss) this.#note(`step ${step}: validation loss ${loss.loss.toFixed(4)}${shares.join('')}`);
    await log.validation(step, loss, scores, sheet);
    await this.#report();
    this.#lastReport = performance.now();
  }

  async #save(): Promise<void> {
    const { trainer } = this.#parts;
    const { config, files } = this.#setup;
    const { out } = this.#options;
    const { keep } = this.#training.checkpoint;
    const { parameters, moments } = trainer;
    const state = { ...this.#state, lossScale: await trainer.lossScale() };
    await saveCheckpoint({ path: `${out}/checkpoints`, keep }, { parameters, moments }, state, config, files);
    this.#lastReport = performance.now();
  }

  async #writeModel(folder: string): Promise<void> {
    await writeModelFolder(folder, this.#setup.files, this.#parts.trainer.parameters, this.#setup.config, 'f16');
  }

  #report(): Promise<string> {
    const { data, log } = this.#parts;
    return log.report(this.#state, data.problems());
  }

  #note(text: string): void {
    this.#options.onNote?.(text);
  }
}
