/** What is profiled: each work runs a few times unprofiled, so that everything is compiled and planned, then once on the clock. */
import { decodeImage } from '../../data/index.ts';
import { type Device, type KernelTime, runtime } from '../../engine/index.ts';
import { Kosmos } from '../../index.ts';
import { readTrainConfig } from '../../train/config.ts';
import { openTrainingData } from '../../train/data.ts';
import { prepareModel } from '../../train/model-files.ts';
import { startingParameters } from '../../train/starting-parameters.ts';
import { Trainer } from '../../train/trainer.ts';
import { median } from '../statistics.ts';

export interface WorkProfile {
  readonly work: string;
  readonly kernels: readonly KernelTime[];
  /** Of a run that was not profiled, as the host sees it; median. */
  readonly wallMilliseconds: number;
}

const runs = 3;

/** An optimiser step of a configuration, on the same examples each time, since others might have shapes that are not compiled yet. */
export async function profileStep(device: Device, path: string): Promise<WorkProfile> {
  const given = await readTrainConfig(path);
  // whatever step a source begins or ends with
  const data = given.data.map((source) => ({ ...source, from: 1, until: undefined, every: 1 }));
  const training = { ...given, data };
  const setup = await prepareModel(training);
  const parameters = await startingParameters(setup, training, device);
  const trainer = new Trainer(setup.config, training, parameters, null, device);
  const mixture = await openTrainingData({ ...setup, training });
  const examples = await mixture.nextStep();
  await mixture.close();
  let count = 0;
  const work = async () => {
    await (await trainer.step(++count, examples)).report;
  };
  const result = await timed(device, work);
  trainer.dispose();
  return { work: `an optimiser step of ${path}`, ...result };
}

/** An answer of at most 32 tokens about a picture: a grounded caption. */
export async function profileAnswer(device: Device, model: string, path: string): Promise<WorkProfile> {
  const picture = await decodeImage(await (await runtime()).readFile(path));
  const kosmos = await Kosmos.load(model, { device });
  const result = await timed(device, async () => {
    await kosmos.ask(picture, { maxNewTokens: 32 });
  });
  kosmos.close();
  return { work: `an answer about ${path}`, ...result };
}

async function timed(device: Device, work: () => Promise<void>): Promise<Omit<WorkProfile, 'work'>> {
  await work();
  const walls: number[] = [];
  while (walls.length < runs) {
    const began = performance.now();
    await work();
    walls.push(performance.now() - began);
  }
  const { kernels } = await device.profile(work);
  return { kernels, wallMilliseconds: median(walls) };
}
