/** One training run's parameters and optimiser on a device: takes the micro-batches of a step, changes the parameters, tells what came of it. */

import type { TrainingExample } from '../data/index.ts';
import {
  adamwSettings,
  type Device,
  HostArray,
  leavesOf,
  type Moments,
  mapTree,
  type Tensor,
} from '../engine/index.ts';
import type { Kosmos2Config } from '../model/config.ts';
import { disposeParameters, type Kosmos2Parameters } from '../model/parameters.ts';
import { PositionTable } from '../model/positions.ts';
import { type HostMicroBatch, microBatchOf } from './batch.ts';
import type { DataSource, TrainConfig } from './config.ts';
import { type MeanLosses, meanLosses } from './mean-losses.ts';
import { learningRate } from './schedule.ts';
import {
  compileStep,
  initialLossScale,
  joinParameters,
  type LossScale,
  type Parts,
  type StepFunctions,
  type StepOptions,
  splitParameters,
} from './step.ts';

/** The examples of one micro-batch, and the source that they come from. */
export interface NamedExamples {
  readonly name: string;
  readonly examples: readonly TrainingExample[];
}

export interface StepReport {
  readonly step: number;
  /** Mean −log p over the scored tokens of the step, before the update; natural logarithm. */
  readonly loss: number;
  readonly lossByKind: Readonly<Record<string, number>>;
  readonly learningRate: number;
  /** Global, before clipping; not finite where the step was left out. */
  readonly gradientNorm: number;
  readonly skipped: boolean;
  /** Tokens that went through the decoder, and those that were scored. */
  readonly tokens: number;
  readonly keptTokens: number;
}

/** A step that was submitted. Its report is on the way back while later steps run. */
export interface SubmittedStep {
  readonly report: Promise<StepReport>;
}

/** What the optimiser carries from step to step besides the parameters. */
export interface OptimizerState {
  readonly moments: Moments<Parts>;
  readonly lossScale: readonly number[] | null;
}

/** The sum of losses of a micro-batch, on the device. */
interface Scored {
  readonly name: string;
  readonly keptTokens: number;
  readonly weight: number;
  readonly loss: Tensor;
}

export class Trainer {
  readonly config: Kosmos2Config;
  readonly device: Device;
  readonly #training: TrainConfig;
  readonly #functions: StepFunctions;
  readonly #frozen: Parts;
  #trained: Parts;
  #moments: Moments<Parts>;
  #lossScale: LossScale | null;
  readonly #positions: PositionTable;
  /** Micro-batches of a step in which every source takes part. */
  readonly #mostBatches: number;

  /** Takes over `parameters` (f32) and what the optimiser knew (null: a run that starts). */
  constructor(
    config: Kosmos2Config,
    training: TrainConfig,
    parameters: Kosmos2Parameters,
    optimizer: OptimizerState | null,
    device: Device,
    options: StepOptions = {},
  ) {
    this.config = config;
    this.device = device;
    this.#training = training;
    this.#functions = compileStep(config, training, options);
    const { trained, frozen } = splitParameters(parameters, training.freeze);
    this.#trained = trained;
    this.#frozen = frozen;
    this.#mostBatches = training.data.reduce(
      (sum, { perStep, microBatch }) => sum + Math.ceil(perStep / microBatch),
      0,
    );
    this.#moments = optimizer?.moments ?? { first: zerosLike(trained, device), second: zerosLike(trained, device) };
    const mixed = training.precision === 'mixed';
    this.#lossScale = mixed ? device.tensor(Float32Array.from(optimizer?.lossScale ?? initialLossScale)) : null;
    this.#positions = new PositionTable(config.text, device);
  }

  get moments(): Moments<Parts> {
    return this.#moments;
  }

  /** Scale and steps without trouble; null without mixed precision. */
  async lossScale(): Promise<number[] | null> {
    return (await this.#lossScale?.toArray()) ?? null;
  }

  /** The live parameters: valid until the next step. */
  get parameters(): Kosmos2Parameters {
    return joinParameters({ trained: this.#trained, frozen: this.#frozen });
  }

  /** Sinusoids for positions up to `last`. */
  positionTable(last: number): Tensor {
    return this.#positions.withRows(last + 1);
  }

  /** The examples of one source, ready for the device. */
  hostBatch({ name, examples }: NamedExamples): HostMicroBatch {
    return microBatchOf(examples, this.config, this.#source(name) ?? this.#training);
  }

  /** How much a prediction of a source counts in the loss. */
  weightOf(name: string): number {
    return this.#source(name)?.weight ?? 1;
  }

  #source(name: string): DataSource | undefined {
    return this.#training.data.find((one) => one.name === name);
  }

  /**
   * Optimiser step `step` (from 1) over micro-batches. The gradient is that of Σ −log p / scored tokens over all of them (fairseq's sample size), each token with
   * the weight of its source, so it does not depend on how a step is cut.
   */
  async step(step: number, batches: readonly NamedExamples[]): Promise<SubmittedStep> {
    const { optimizer, schedule, steps, seed } = this.#training;
    const scored: Scored[] = [];
    let sums: Parts | null = null;
    let [kept, counted, tokens] = [0, 0, 0];
    for (const [at, micro] of batches.entries()) {
      const { name } = micro;
      const weight = this.weightOf(name);
      const batch = this.hostBatch(micro);
      if (batch.keptTokens === 0) continue;
      const table = this.positionTable(batch.lastPosition);
      const result: { loss: Tensor; sums: Parts } = await this.#functions.accumulate(
        this.#trained,
        this.#frozen,
        table,
        batch.feed,
        // other numbers are dropped in every micro-batch of every step
        {
          key: new HostArray(Int32Array.of(seed, step * this.#mostBatches + at)),
          lossScale: this.#lossScale,
          weight: weight === 1 ? null : weight,
        },
        sums,
      );
      sums = result.sums;
      kept += batch.keptTokens;
      counted += weight * batch.keptTokens;
      tokens += batch.tokens;
      scored.push({ name, keptTokens: batch.keptTokens, weight, loss: result.loss });
    }
    if (!sums) throw new Error(`step ${step}: no token of its examples is scored`);
    const rate = learningRate(step, steps, optimizer.learningRate, schedule);
    const settings = adamwSettings({ ...optimizer, learningRate: rate, step });
    const update = await this.#functions.update(
      this.#trained,
      this.#moments,
      sums,
      this.#lossScale,
      settings,
      1 / counted,
    );
    this.#trained = update.trained;
    this.#moments = update.moments;
    this.#lossScale = update.lossScale;
    // asked for at once: what is read lies in the queue before the steps that follow
    const report = Promise.all([takeNumber(update.norm), lossesOf(scored)]).then(
      ([gradientNorm, { loss, lossByKind }]): StepReport => {
        const skipped = !Number.isFinite(gradientNorm);
        return { step, loss, lossByKind, learningRate: rate, gradientNorm, skipped, tokens, keptTokens: kept };
      },
    );
    // whoever waits for it hears of an error
    report.catch(() => undefined);
    return { report };
  }

  /** A copy of the parameters that stays as it is while the training goes on. The caller disposes it. */
  snapshot(): Kosmos2Parameters {
    return mapTree(this.parameters, (leaf) => (leaf as Tensor).add(0));
  }

  dispose(): void {
    this.#functions.dispose();
    this.#positions.dispose();
    disposeParameters(this.parameters);
    for (const leaf of leavesOf([this.#moments, this.#lossScale])) (leaf as Tensor | null)?.dispose();
  }
}

function zerosLike(tree: Parts, device: Device): Parts {
  return mapTree(tree, (leaf) => device.zeros((leaf as Tensor).shape, 'f32', 'moments'));
}

/** The number, and the tensor back to the device; the read is submitted before this returns. */
async function takeNumber(tensor: Tensor): Promise<number> {
  const value = tensor.item();
  tensor.dispose();
  return value;
}

async function lossesOf(scored: readonly Scored[]): Promise<MeanLosses> {
  const sums = await Promise.all(scored.map(async ({ loss, ...rest }) => ({ ...rest, loss: await takeNumber(loss) })));
  return meanLosses(sums);
}
