/** Training steps of KOSMOS-2 in its published form (dropout, clipping, vision tower, resampler, decoder) at a small width. */
import type { Feed } from '../../../engine/compile.ts';
import { paddedByteLength } from '../../../engine/dtype.ts';
import {
  adamwSettings,
  type Device,
  type DeviceTraits,
  HostArray,
  leavesOf,
  type Moments,
  mapTree,
  type Tensor,
  TensorShape,
} from '../../../engine/index.ts';
import type { PlanDescription } from '../../../engine/layout.ts';
import { sizeOf } from '../../../engine/shape.ts';
import { hostBatch } from '../../../model/batch.ts';
import { type Kosmos2Config, parameterShapes, parseConfig } from '../../../model/index.ts';
import { nextTokenLabels } from '../../../model/loss.ts';
import { PositionTable } from '../../../model/positions.ts';
import type { HostMicroBatch } from '../../../train/batch.ts';
import type { Json } from '../../../train/config/fields.ts';
import { parseTrainConfig } from '../../../train/config.ts';
import { compileStep, joinParameters, type Parts, splitParameters } from '../../../train/step.ts';
import { randomIds, randomValues } from '../../data.ts';
import { smallerModel } from '../../models.ts';
import { deviceShapes, uploadWeights } from './weights.ts';

/** What kernels are made depends on alignments, not on depth and width: head dimension 64, vocabulary 1 above a multiple of 4, as published. */
function smallModel(tiny: boolean): Json {
  return smallerModel(128, 2, 1037, tiny ? 28 : 224).json;
}

/** What goes through the model in a step: rows with a picture each and rows of text alone (a group of their own), all of `length` tokens. */
export interface StepWork {
  readonly pictures: number;
  readonly texts: number;
  readonly length: number;
}

export interface StepChoices {
  /** Layers are computed again in the backward pass. */
  readonly remat?: boolean;
  readonly onCompile?: (done: number, all: number) => void;
}

function stepFunctions(model: Json, { remat = false, onCompile }: StepChoices) {
  const training = parseTrainConfig({
    model: { config: model, tokenizer: 'shapes' },
    data: [{ name: 'shapes', kind: 'shapes', perStep: 1 }],
    optimizer: { learningRate: 1e-3 },
    dropout: { hidden: 0.1, attention: 0.1 },
    remat: remat ? 'layers' : 'none',
    steps: 100,
  });
  return compileStep(parseConfig(model), training, { onCompile });
}

const dynamicOf = (count: number) => ({ key: new HostArray(Int32Array.of(1, count)), lossScale: null, weight: null });
const settingsOf = (count: number) => adamwSettings({ learningRate: 1e-3, step: count });

export interface KosmosTraining {
  /** One step: gradients of a picture with a row of text and a row of text alone, then the optimiser. */
  step(): Promise<void>;
  /** Of its two plans: gradients, optimiser. */
  describe(): PlanDescription[];
  /** The most bytes that lived at once in tensors and plans of the device, as seen after each of the two. */
  readonly peakBytes: number;
  dispose(): void;
}

export async function kosmosTraining(
  device: Device,
  tiny: boolean,
  onCompile?: (done: number, all: number) => void,
): Promise<KosmosTraining> {
  const model = smallModel(tiny);
  const length = parseConfig(model).latentQueryNum + 12;
  return trainingOf(device, model, { pictures: 1, texts: 1, length }, { onCompile });
}

/** Steps of any model on made-up rows. `model` is a `config.json`. */
export async function trainingOf(
  device: Device,
  model: Json,
  work: StepWork,
  choices: StepChoices = {},
): Promise<KosmosTraining> {
  const config = parseConfig(model);
  const functions = stepFunctions(model, choices);
  const { trained, frozen } = splitParameters(uploadWeights(device, config), []);
  const zeros = () => mapTree(trained, (leaf) => device.zeros((leaf as Tensor).shape)) as Parts;
  let state: { trained: Parts; moments: Moments<Parts> } = { trained, moments: { first: zeros(), second: zeros() } };
  const table = new PositionTable(config.text, device);
  const batch = lossInput(config, work);
  let count = 0;
  let peakBytes = 0;
  const look = () => {
    peakBytes = Math.max(peakBytes, device.buffers.liveBytes());
  };
  const step = async () => {
    count++;
    const { loss, sums } = await functions.accumulate(
      state.trained,
      frozen,
      table.withRows(0),
      batch,
      dynamicOf(count),
      null,
    );
    look();
    const result = await functions.update(state.trained, state.moments, sums, null, settingsOf(count), 1e-2);
    state = { trained: result.trained, moments: result.moments };
    look();
    await device.finish();
    loss.dispose();
    result.norm.dispose();
  };
  return {
    step,
    get peakBytes() {
      return peakBytes;
    },
    describe: () => [functions.accumulate.describe(), functions.update.describe()],
    dispose: () => {
      functions.dispose();
      table.dispose();
      for (const leaf of leavesOf([joinParameters({ trained: state.trained, frozen }), state.moments]))
        (leaf as Tensor).dispose();
    },
  };
}

/** The two plans of {@link trainingOf} on paper. */
export interface TrainingEstimate {
  readonly gradients: PlanDescription;
  readonly optimiser: PlanDescription;
  /** Bytes of parameters, moments and gradients. */
  readonly stateBytes: number;
  /** Bytes that live at once from the second step on, when both plans have their slots. */
  readonly peakBytes: number;
}

/** Nothing is allocated, so the model may be of any size. */
export function estimateTraining(
  traits: DeviceTraits,
  model: Json,
  work: StepWork,
  choices: StepChoices = {},
): TrainingEstimate {
  const config = parseConfig(model);
  const functions = stepFunctions(model, choices);
  const shapes = () => deviceShapes(parameterShapes(config)) as Feed<Parts, TensorShape>;
  const { maxPositionEmbeddings, embedDim } = config.text;
  const table = new TensorShape([maxPositionEmbeddings + 2, embedDim]);
  const { accumulate, update } = functions;
  const moments = { first: shapes(), second: shapes() };
  const gradients = accumulate.estimate(traits, shapes(), {}, table, lossInput(config, work), dynamicOf(1), null);
  const optimiser = update.estimate(traits, shapes(), moments, shapes(), null, settingsOf(1), 1e-2);
  // the optimiser is given all of the state; the gradients' plan is given the parameters, and makes the gradients
  const { arguments: given, results, slots } = gradients.bytes;
  const parameters = leavesOf(shapes()).reduce<number>((sum, leaf) => sum + bytesOfShape(leaf as TensorShape), 0);
  const peakBytes = given + results + slots + optimiser.bytes.arguments + optimiser.bytes.slots - 2 * parameters;
  return { gradients, optimiser, stateBytes: 4 * parameters, peakBytes };
}

function bytesOfShape({ shape, dtype }: TensorShape): number {
  return paddedByteLength(dtype, sizeOf(shape));
}

/** Rows of the work, every token scored: those with a picture as one group, those without as another. */
function lossInput(config: Kosmos2Config, { pictures, texts, length }: StepWork): HostMicroBatch['feed'] {
  const { latentQueryNum, text, vision } = config;
  const groupOf = (rows: number, slots: number) => {
    const ids = Array.from({ length: rows }, (_, row) =>
      Array.from(randomIds(`row ${slots} ${row}`, length, text.vocabSize - 4), (id) => id + 4),
    );
    const mask = ids.map((row) => row.map((_, at) => Number(at >= 2 && at < 2 + slots)));
    const real = ids.map((row) => row.map(() => 1));
    const host = hostBatch({ inputIds: ids, attentionMask: real, imageEmbedsPositionMask: mask }, config);
    const { ids: tokens, positionIds, bounds, slots: places } = host;
    return { ids: tokens, positionIds, bounds, slots: places, labels: nextTokenLabels(ids, config), open: null };
  };
  const { channels, imageSize } = vision;
  const pixels = randomValues('pixels', pictures * channels * imageSize ** 2, 1.5);
  const groups = [
    { rows: pictures, slots: latentQueryNum },
    { rows: texts, slots: 0 },
  ];
  return {
    pixels: pictures > 0 ? new HostArray(pixels, [pictures, channels, imageSize, imageSize]) : null,
    groups: groups.filter(({ rows }) => rows > 0).map(({ rows, slots }) => groupOf(rows, slots)),
    patches: null,
  };
}
