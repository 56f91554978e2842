/** Series of growing works, each measured: the tables of `cost.md`. */
import { compile, type Device, leavesOf, type Tensor } from '../../engine/index.ts';
import type { PlanDescription } from '../../engine/layout.ts';
import type { Kosmos2Config } from '../../model/index.ts';
import { resample } from '../../model/resampler.ts';
import { visionTower } from '../../model/vision.ts';
import { randomValues } from '../data.ts';
import { DecoderTraining } from '../engines/own/training.ts';
import { uploadWeights } from '../engines/own/weights.ts';
import { forwardConfig } from '../models.ts';
import { median } from '../statistics.ts';
import { milliseconds as formatMilliseconds } from '../table.ts';
import type { TrainingWork } from '../works.ts';
import { decoderParameters, encoderBytes, encoderFlops, trainingBytes, trainingFlops } from './formulas.ts';
import type { CostTable, Point } from './markdown.ts';

/** Time of one run, the most bytes that lived on the device meanwhile, and the plan. */
interface Measured {
  readonly milliseconds: number;
  readonly bytes: number;
  readonly plan: PlanDescription;
}

/** @param say told of each point before it is measured */
export async function costTables(device: Device, tiny: boolean, say: (line: string) => void): Promise<CostTable[]> {
  const base: TrainingWork = tiny
    ? { kind: 'training', layers: 1, width: 16, heads: 1, length: 8, batch: 1, vocabulary: 40 }
    : { kind: 'training', layers: 4, width: 256, heads: 4, length: 128, batch: 2, vocabulary: 4096 };
  const grow = (factors: readonly number[], change: (factor: number) => Partial<TrainingWork>) =>
    factors.slice(0, tiny ? 2 : factors.length).map((factor): TrainingWork => ({ ...base, ...change(factor) }));
  const training = async (
    title: string,
    axis: string,
    works: TrainingWork[],
    sizeOf: (work: TrainingWork) => number,
    label = (work: TrainingWork) => String(sizeOf(work)),
  ): Promise<CostTable> => {
    const measured: { work: TrainingWork; cost: Measured }[] = [];
    for (const work of works) {
      say(`${title}: ${label(work)}`);
      measured.push({ work, cost: await measureTraining(device, work, tiny) });
    }
    return {
      title,
      columns: trainingColumns(axis),
      rows: measured.map(({ work, cost }) => trainingRow(label(work), work, cost)),
      axis,
      points: measured.map(({ work, cost }) => ({
        x: sizeOf(work),
        ...cost,
        flops: trainingFlops(work),
        formulaBytes: trainingBytes(work),
      })),
    };
  };
  return [
    await training(
      'Sequence length (a training step)',
      'T',
      grow([1, 2, 4, 8], (factor) => ({ length: base.length * factor })),
      ({ length }) => length,
    ),
    await training(
      'Batch (a training step)',
      'B',
      grow([1, 2, 4, 8], (factor) => ({ batch: factor })),
      ({ batch }) => batch,
    ),
    await training(
      'Parameters (a training step)',
      'P',
      grow([1 / 4, 1 / 2, 1, 2], (factor) => ({ width: base.width * factor, heads: Math.max(1, base.heads * factor) })),
      decoderParameters,
      ({ layers, width }) => `${layers} layers × ${width}`,
    ),
    await imageTable(device, tiny, say),
  ];
}

function trainingColumns(first: string): string[] {
  return [
    first,
    'parameters',
    'ms',
    'GFLOP of the plan',
    '÷ formula',
    'state, MB',
    '÷ 12 P',
    'intermediates, MB',
    'live on the device, MB',
    '÷ formula',
  ];
}

function trainingRow(label: string, work: TrainingWork, { milliseconds, bytes, plan }: Measured): string[] {
  const parameters = decoderParameters(work);
  const { arguments: given, slots } = plan.bytes;
  return [
    label,
    parameters.toLocaleString('en'),
    formatMilliseconds(milliseconds),
    (plan.flops / 1e9).toPrecision(3),
    (plan.flops / trainingFlops(work)).toFixed(3),
    megabytes(given),
    (given / (12 * parameters)).toFixed(3),
    megabytes(slots),
    megabytes(bytes),
    (bytes / trainingBytes(work)).toFixed(3),
  ];
}

async function measureTraining(device: Device, work: TrainingWork, tiny: boolean): Promise<Measured> {
  const others = device.buffers.liveBytes();
  const training = new DecoderTraining(device, work);
  training.restart();
  let bytes = 0;
  const milliseconds = await timeRuns(tiny, async () => {
    const loss = await training.step();
    bytes = Math.max(bytes, device.buffers.liveBytes() - others);
    await device.finish();
    loss.dispose();
  });
  const plan = training.compiled.describe();
  training.dispose();
  return { milliseconds, bytes, plan };
}

async function imageTable(device: Device, tiny: boolean, say: (line: string) => void): Promise<CostTable> {
  const title = 'Images (tower and resampler)';
  const config = forwardConfig(tiny ? 'tiny' : 'small');
  const rows: string[][] = [];
  const points: Point[] = [];
  for (const images of tiny ? [1, 2] : [1, 2, 4, 8]) {
    say(`${title}: ${images}`);
    const cost = await measureEncoder(device, config, images, tiny);
    const { milliseconds, bytes, plan } = cost;
    const formula = { flops: encoderFlops(config, images), bytes: encoderBytes(config, images) };
    points.push({ x: images, milliseconds, bytes, flops: formula.flops, formulaBytes: formula.bytes });
    rows.push([
      String(images),
      formatMilliseconds(milliseconds),
      (plan.flops / 1e9).toPrecision(3),
      (plan.flops / formula.flops).toFixed(3),
      megabytes(plan.bytes.slots),
      megabytes(plan.bytes.slots / images),
      megabytes(bytes),
      (bytes / formula.bytes).toFixed(3),
    ]);
  }
  const columns = [
    'n',
    'ms',
    'GFLOP of the plan',
    '÷ formula',
    'intermediates, MB',
    'per image, MB',
    'live on the device, MB',
    '÷ formula',
  ];
  return { title, columns, rows, axis: 'pictures', points };
}

async function measureEncoder(device: Device, config: Kosmos2Config, images: number, tiny: boolean): Promise<Measured> {
  const others = device.buffers.liveBytes();
  const parameters = uploadWeights(device, config);
  const { channels, imageSize } = config.vision;
  const shape = [images, channels, imageSize, imageSize];
  const pixels = device.tensor(randomValues('pixels', images * channels * imageSize ** 2), shape);
  const { vision_model: vision, image_to_text_projection: projection, text_model: text } = parameters;
  // the decoder has no part in it
  for (const leaf of leavesOf(text)) (leaf as Tensor).dispose();
  const encode = compile(
    (input: Tensor) => resample(projection, config.text, visionTower(vision.model, config.vision, input)),
    { name: 'image encoder' },
  );
  let bytes = 0;
  const milliseconds = await timeRuns(tiny, async () => {
    const vectors = await encode(pixels);
    bytes = Math.max(bytes, device.buffers.liveBytes() - others);
    await device.finish();
    vectors.dispose();
  });
  const plan = encode.describe();
  encode.dispose();
  pixels.dispose();
  for (const leaf of leavesOf([vision, projection])) (leaf as Tensor).dispose();
  return { milliseconds, bytes, plan };
}

/** The median of a few runs behind two that compile and warm up. */
async function timeRuns(tiny: boolean, run: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < (tiny ? 3 : 7); i++) {
    const began = performance.now();
    await run();
    times.push(performance.now() - began);
  }
  return median(times.slice(2));
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toPrecision(3);
}
