/** A parser's parameters, optimiser and moving average on a device: takes batches, changes the parameters, tells what came of it. */
import {
  adamw,
  adamwSettings,
  type Compiled,
  clipFactor,
  compile,
  concat,
  type Device,
  finite,
  globalNorm,
  gradientsOf,
  HostArray,
  leavesOf,
  type Moments,
  type Tensor,
  where,
} from '../../engine/index.ts';
import { learningRate } from '../schedule.ts';
import type { PackedBatch } from './batch.ts';
import type { ParserTraining } from './config.ts';
import { type NetworkConstants, offsetSteps, type ParserLosses, parserLosses, type TracedBatch } from './network.ts';

type Tensors = Record<string, Tensor>;

/** Everything that a step changes. */
export interface ParserState {
  readonly parameters: Tensors;
  readonly moments: Moments<Tensors>;
  /** Exponential moving average of the parameters: what parses. */
  readonly average: Tensors;
}

/** Means over the words of a batch of −log p, natural logarithm. */
export interface LossReport {
  readonly arcs: number;
  readonly relations: number;
  readonly upos: number;
  readonly xpos: number;
}

export interface ParserStepReport {
  readonly step: number;
  /** Weighted sum of the losses by kind, before the update. */
  readonly loss: number;
  readonly losses: LossReport;
  readonly learningRate: number;
  /** Global, before clipping; not finite where the step changed nothing. */
  readonly gradientNorm: number;
  readonly tokens: number;
}

type Step = (
  state: ParserState,
  constants: NetworkConstants,
  batch: TracedBatch,
  key: Tensor,
  settings: Tensor,
  kept: Tensor,
  tokens: Tensor,
) => { state: ParserState; report: Tensor };

type Evaluate = (parameters: Tensors, constants: NetworkConstants, batch: TracedBatch, tokens: Tensor) => Tensor;

export interface TrainerOptions {
  onCompile?: (done: number, all: number) => void;
}

export class ParserTrainer {
  readonly #training: ParserTraining;
  readonly #step: Compiled<Parameters<Step>, ReturnType<Step>>;
  readonly #evaluate: Compiled<Parameters<Evaluate>, Tensor>;
  readonly #constants: NetworkConstants;
  #state: ParserState;

  /** Takes over `state`. */
  constructor(training: ParserTraining, state: ParserState, device: Device, { onCompile }: TrainerOptions = {}) {
    const { length } = training.batch;
    this.#training = training;
    this.#state = state;
    this.#constants = {
      offsets: device.tensor(offsetSteps(length)),
      columns: device.tensor(
        Float32Array.from({ length: length + 1 }, (_, i) => i),
        [1, length + 1],
      ),
    };
    this.#step = compile(stepOf(training), { donate: [0], name: 'parser step', onCompile });
    this.#evaluate = compile(evaluationOf(training), { name: 'parser loss', onCompile });
  }

  /** Valid until the next step. */
  get state(): ParserState {
    return this.#state;
  }

  /** Step `step`, counted from 1; its report is on the way back while later steps run. */
  async step(step: number, { feed, tokens }: PackedBatch): Promise<{ report: Promise<ParserStepReport> }> {
    const { steps, seed, optimizer, schedule, average } = this.#training;
    const rate = learningRate(step, steps, optimizer.learningRate, schedule);
    const { state, report } = await this.#step(
      this.#state,
      this.#constants,
      feed,
      new HostArray(Int32Array.of(seed, step)),
      adamwSettings({ ...optimizer, learningRate: rate, step }),
      // early on the average forgets faster, for it starts from random parameters
      Math.min(average, (1 + step) / (10 + step)),
      tokens,
    );
    this.#state = state;
    const numbers = report.toArray();
    report.dispose();
    const read = numbers.then(([gradientNorm, ...losses]): ParserStepReport => {
      const byKind = lossReport(losses);
      return {
        step,
        loss: this.#weighted(byKind),
        losses: byKind,
        learningRate: rate,
        gradientNorm: gradientNorm!,
        tokens,
      };
    });
    // whoever waits for it hears of an error
    read.catch(() => undefined);
    return { report: read };
  }

  /** Loss of the averaged parameters over batches, without dropout. */
  async loss(batches: readonly PackedBatch[]): Promise<number> {
    let [sum, words] = [0, 0];
    for (const { feed, tokens } of batches) {
      const losses = await this.#evaluate(this.#state.average, this.#constants, feed, tokens);
      sum += this.#weighted(lossReport(await losses.toArray())) * tokens;
      words += tokens;
      losses.dispose();
    }
    return sum / words;
  }

  dispose(): void {
    this.#step.dispose();
    this.#evaluate.dispose();
    for (const leaf of leavesOf([this.#state, this.#constants])) (leaf as Tensor).dispose();
  }

  #weighted({ arcs, relations, upos, xpos }: LossReport): number {
    const { lossWeights } = this.#training;
    return arcs + relations + lossWeights.upos * upos + lossWeights.xpos * xpos;
  }
}

function stepOf({ model, batch: shape, dropout, lossWeights, optimizer }: ParserTraining): Step {
  return ({ parameters, moments, average }, constants, batch, key, settings, kept, tokens) => {
    const losses = parserLosses(parameters, model, shape, constants, batch, { rates: dropout, key });
    const total = losses.arcs
      .add(losses.relations)
      .add(losses.upos.mul(lossWeights.upos))
      .add(losses.xpos.mul(lossWeights.xpos));
    const found = gradientsOf(total.div(tokens), leavesOf(parameters) as Tensor[]);
    const names = Object.keys(parameters);
    const gradients = Object.fromEntries(names.map((name, i) => [name, found[i] ?? parameters[name]!.mul(0)]));
    const norm = globalNorm(gradients);
    const factor = where(finite(norm), optimizer.clip > 0 ? clipFactor(norm, optimizer.clip) : norm.mul(0).add(1), -1);
    const updated = adamw(parameters, gradients, moments, settings, { factor, decay: 'matrices' });
    const averaged = Object.fromEntries(
      names.map((name) => {
        const own = average[name]!;
        return [name, own.mul(kept).add(updated.parameters[name]!.mul(kept.neg().add(1)))];
      }),
    );
    const report = concat([norm.reshape([1]), lossVector(losses, tokens)], 0);
    return { state: { parameters: updated.parameters, moments: updated.moments, average: averaged }, report };
  };
}

function evaluationOf({ model, batch: shape }: ParserTraining): Evaluate {
  return (parameters, constants, batch, tokens) =>
    lossVector(parserLosses(parameters, model, shape, constants, batch, null), tokens);
}

function lossVector({ arcs, relations, upos, xpos }: ParserLosses, tokens: Tensor): Tensor {
  const parts = [arcs, relations, upos, xpos].map((loss) => loss.div(tokens).reshape([1]));
  return concat(parts, 0);
}

function lossReport(numbers: readonly number[]): LossReport {
  const [arcs, relations, upos, xpos] = numbers as [number, number, number, number];
  return { arcs, relations, upos, xpos };
}

type Arrays = Readonly<Record<string, Float32Array<ArrayBuffer>>>;
type Shapes = Readonly<Record<string, readonly number[]>>;

/** The state of a run that starts with `parameters`. */
export function freshState(parameters: Arrays, shapes: Shapes, device: Device): ParserState {
  const each = (make: (name: string) => Tensor): Tensors =>
    Object.fromEntries(Object.keys(parameters).map((name) => [name, make(name)]));
  const upload = () => each((name) => device.tensor(parameters[name]!, shapes[name]!));
  const zeros = () => each((name) => device.zeros(shapes[name]!, 'f32', 'moments'));
  return { parameters: upload(), moments: { first: zeros(), second: zeros() }, average: upload() };
}
