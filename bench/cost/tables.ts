/** Series of growing works, each measured: the tables of `cost.md`. */
import { compile, type Device, type Tensor } from '../../engine/index.ts';
import type { PlanDescription } from '../../engine/plan.ts';
import { disposeParameters, type Kosmos2Config } from '../../model/index.ts';
import { resample } from '../../model/resampler.ts';
import { visionTower } from '../../model/vision.ts';
import { randomValues } from '../data.ts';
import { DecoderTraining } from '../engines/own/training.ts';
import { uploadWeights } from '../engines/own/weights.ts';
import { forwardConfig } from '../models.ts';
import { median } from '../statistics.ts';
import type { TrainingWork } from '../works.ts';
import { activationUnits, decoderParameters, encoderFlops, trainingFlops } from './formulas.ts';

export interface CostTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Time of one run, and the plan. */
interface Measured {
  readonly milliseconds: number;
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
    head: string,
    works: TrainingWork[],
    label: (work: TrainingWork) => string,
  ) => {
    const rows: string[][] = [];
    for (const work of works) {
      say(`${title}: ${label(work)}`);
      rows.push(trainingRow(label(work), work, await measureTraining(device, work, tiny)));
    }
    return { title, columns: trainingColumns(head), rows };
  };
  return [
    await training(
      'Sequence length (a training step)',
      'T',
      grow([1, 2, 4, 8], (factor) => ({ length: base.length * factor })),
      ({ length }) => String(length),
    ),
    await training(
      'Batch (a training step)',
      'B',
      grow([1, 2, 4, 8], (factor) => ({ batch: factor })),
      ({ batch }) => String(batch),
    ),
    await training(
      'Parameters (a training step)',
      'L × D',
      grow([1 / 4, 1 / 2, 1, 2], (factor) => ({ width: base.width * factor, heads: Math.max(1, base.heads * factor) })),
      ({ layers, width }) => `${layers} × ${width}`,
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
    'numbers per B·T·D·L',
  ];
}

function trainingRow(label: string, work: TrainingWork, { milliseconds, plan }: Measured): string[] {
  const parameters = decoderParameters(work);
  const { arguments: given, slots } = plan.bytes;
  return [
    label,
    parameters.toLocaleString('en'),
    milliseconds.toPrecision(3),
    (plan.flops / 1e9).toPrecision(3),
    (plan.flops / trainingFlops(work)).toFixed(3),
    megabytes(given),
    (given / (12 * parameters)).toFixed(3),
    megabytes(slots),
    (slots / 4 / activationUnits(work)).toFixed(1),
  ];
}

async function measureTraining(device: Device, work: TrainingWork, tiny: boolean): Promise<Measured> {
  const training = new DecoderTraining(device, work);
  training.restart();
  const milliseconds = await timeRuns(tiny, async () => {
    const loss = await training.step();
    await device.finish();
    loss.dispose();
  });
  const plan = training.compiled.describe();
  training.dispose();
  return { milliseconds, plan };
}

async function imageTable(device: Device, tiny: boolean, say: (line: string) => void): Promise<CostTable> {
  const title = 'Images (the encoder: tower and resampler)';
  const config = forwardConfig(tiny ? 'tiny' : 'small');
  const rows: string[][] = [];
  for (const images of tiny ? [1, 2] : [1, 2, 4, 8]) {
    say(`${title}: ${images}`);
    const { milliseconds, plan } = await measureEncoder(device, config, images, tiny);
    rows.push([
      String(images),
      milliseconds.toPrecision(3),
      (plan.flops / 1e9).toPrecision(3),
      (plan.flops / encoderFlops(config, images)).toFixed(3),
      megabytes(plan.bytes.slots),
      megabytes(plan.bytes.slots / images),
    ]);
  }
  return { title, columns: ['n', 'ms', 'GFLOP of the plan', '÷ formula', 'intermediates, MB', 'per image, MB'], rows };
}

async function measureEncoder(device: Device, config: Kosmos2Config, images: number, tiny: boolean): Promise<Measured> {
  const parameters = uploadWeights(device, config);
  const { channels, imageSize } = config.vision;
  const shape = [images, channels, imageSize, imageSize];
  const pixels = device.tensor(randomValues('pixels', images * channels * imageSize ** 2), shape);
  const { vision_model: vision, image_to_text_projection: projection } = parameters;
  const encode = compile(
    (input: Tensor) => resample(projection, config.text, visionTower(vision.model, config.vision, input)),
    { name: 'image encoder' },
  );
  const milliseconds = await timeRuns(tiny, async () => {
    const vectors = await encode(pixels);
    await device.finish();
    vectors.dispose();
  });
  const plan = encode.describe();
  encode.dispose();
  pixels.dispose();
  disposeParameters(parameters);
  return { milliseconds, plan };
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
