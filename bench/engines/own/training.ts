import type { Feed } from '../../../engine/compile.ts';
import {
  adamw,
  adamwSettings,
  type Compiled,
  compile,
  crossEntropy,
  type Device,
  type DeviceTraits,
  HostArray,
  leavesOf,
  type Moments,
  mapTree,
  type Tensor,
  type TensorShape,
  valueAndGrad,
} from '../../../engine/index.ts';
import type { PlanDescription } from '../../../engine/layout.ts';
import type { TextConfig } from '../../../model/config.ts';
import { decode } from '../../../model/decoder.ts';
import { parameterShapes } from '../../../model/index.ts';
import type { DecoderParameters } from '../../../model/parameters.ts';
import { sinusoidTable } from '../../../model/positions.ts';
import { trainingTokens } from '../../data.ts';
import { comparedLosses, trainingConfig, trainingSettings } from '../../models.ts';
import type { TrainingWork } from '../../works.ts';
import type { Prepared } from '../engine.ts';
import { deviceShapes, uploadDecoder } from './weights.ts';

export interface TrainingRows {
  readonly table: Tensor;
  readonly ids: Tensor;
  readonly positionIds: Tensor;
  readonly bounds: Tensor;
  readonly labels: Tensor;
}

/** The mean loss of a batch. */
export function trainingLoss(
  parameters: DecoderParameters,
  config: TextConfig,
  { table, ids, positionIds, bounds, labels }: TrainingRows,
): Tensor {
  const hidden = decode(parameters, config, table, { ids, positionIds, bounds, images: null });
  const flat = hidden.reshape([-1, config.embedDim]);
  return crossEntropy(flat, parameters.embed_tokens.weight, labels).mean();
}

export interface HostRows {
  readonly table: HostArray;
  readonly ids: HostArray;
  readonly positionIds: HostArray;
  readonly bounds: HostArray;
  readonly labels: HostArray;
}

export function trainingRows(work: TrainingWork, config: TextConfig): HostRows {
  const { batch, length, width } = work;
  const { ids, labels } = trainingTokens(work);
  const firstRow = config.padTokenId + 1;
  const rows = length + firstRow;
  return {
    table: new HostArray(sinusoidTable(rows, width, config.padTokenId), [rows, width]),
    ids: new HostArray(ids, [batch, length]),
    positionIds: new HostArray(
      ids.map((_, at) => firstRow + (at % length)),
      [batch, length],
    ),
    bounds: new HostArray(
      Int32Array.from({ length: 2 * batch }, (_, at) => (at % 2 === 0 ? 0 : length)),
      [batch, 2],
    ),
    labels: new HostArray(labels),
  };
}

export interface TrainingState {
  readonly parameters: DecoderParameters;
  readonly moments: Moments<DecoderParameters>;
}

type Step = (state: TrainingState, rows: TrainingRows, settings: Tensor) => { loss: Tensor; state: TrainingState };

/** Loss, gradients and AdamW as one function to trace. */
export function trainingStep(config: TextConfig): Step {
  return ({ parameters, moments }, rows, settings) => {
    const [loss, gradients] = valueAndGrad((own: DecoderParameters) => trainingLoss(own, config, rows))(parameters);
    return { loss, state: adamw(parameters, gradients, moments, settings) };
  };
}

/** A decoder that takes one optimiser step after the other. */
export class DecoderTraining {
  readonly compiled: Compiled<Parameters<Step>, ReturnType<Step>>;
  readonly #device: Device;
  readonly #work: TrainingWork;
  readonly #rows: HostRows;
  #state: TrainingState | null = null;
  #step = 0;

  constructor(device: Device, work: TrainingWork) {
    const config = trainingConfig(work).text;
    this.#device = device;
    this.#work = work;
    this.#rows = trainingRows(work, config);
    this.compiled = compile(trainingStep(config), { donate: [0], device, name: 'training step' });
  }

  /** Starts again with fresh parameters. */
  restart(): void {
    this.#disposeState();
    const parameters = uploadDecoder(this.#device, trainingConfig(this.#work));
    const zeros = () => mapTree(parameters, (leaf) => this.#device.zeros((leaf as Tensor).shape));
    this.#state = { parameters, moments: { first: zeros(), second: zeros() } };
    this.#step = 0;
  }

  /** One step; the loss of the parameters before it. */
  async step(): Promise<Tensor> {
    const settings = adamwSettings({ ...trainingSettings, step: ++this.#step });
    const { loss, state } = await this.compiled(this.#state!, this.#rows, settings);
    this.#state = state;
    return loss;
  }

  dispose(): void {
    this.compiled.dispose();
    this.#disposeState();
  }

  #disposeState(): void {
    for (const leaf of leavesOf(this.#state)) (leaf as Tensor | null)?.dispose();
    this.#state = null;
  }
}

/** The plan of a step on paper: nothing is allocated. */
export function estimateDecoder(traits: DeviceTraits, work: TrainingWork): PlanDescription {
  const config = trainingConfig(work);
  const shapes = () => deviceShapes(parameterShapes(config).text_model.model) as Feed<DecoderParameters, TensorShape>;
  const state = { parameters: shapes(), moments: { first: shapes(), second: shapes() } };
  const settings = adamwSettings({ ...trainingSettings, step: 1 });
  return compile(trainingStep(config.text), { donate: [0] }).estimate(
    traits,
    state,
    trainingRows(work, config.text),
    settings,
  );
}

export async function prepareTraining(device: Device, work: TrainingWork): Promise<Prepared> {
  const training = new DecoderTraining(device, work);
  training.restart();
  return {
    run: async () => {
      const loss = await training.step();
      await device.finish();
      loss.dispose();
    },
    outputs: async () => {
      training.restart();
      const losses = new Float32Array(comparedLosses);
      for (let i = 0; i < comparedLosses; i++) {
        const loss = await training.step();
        losses[i] = await loss.item();
        loss.dispose();
      }
      return [losses];
    },
    release: () => training.dispose(),
  };
}
