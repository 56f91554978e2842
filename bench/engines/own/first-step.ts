/** The first step of KOSMOS-2 training: how many pipelines it compiles, all of them together, and for how long. */
import { type DeviceOptions, requestDevice } from '../../../engine/index.ts';
import { smallerModel } from '../../models.ts';
import type { Figures, TrainingWork } from '../../works.ts';
import { estimateTraining, kosmosTraining } from './kosmos-training.ts';
import { estimateDecoder } from './training.ts';

const decoder: TrainingWork = {
  kind: 'training',
  layers: 4,
  width: 256,
  heads: 4,
  length: 128,
  batch: 4,
  vocabulary: 4096,
};

/** On a device of its own, which has no pipelines yet. */
export async function measureFirstStep(options: DeviceOptions, tiny: boolean): Promise<Figures> {
  const device = await requestDevice(options);
  let told = 0;
  const training = await kosmosTraining(device, tiny, () => {
    told++;
  });
  const began = performance.now();
  await training.step();
  const first = performance.now() - began;
  const pipelines = device.pipelineCount;
  await training.step();
  const again = performance.now();
  await training.step();
  const later = performance.now() - again;
  const plans = training.describe();
  training.dispose();
  const { traits } = device;
  device.close();
  const { json } = smallerModel(256, 4, 65037);
  const { gradients, optimiser } = estimateTraining(traits, json, { pictures: 1, texts: 1, length: 75 });
  return {
    'distinct pipelines of a training step that ran': pipelines,
    'distinct pipelines of a training step, 23.5 M parameters': gradients.pipelines + optimiser.pipelines,
    'distinct pipelines of a training step, decoder': estimateDecoder(traits, decoder).pipelines,
    'dispatches of a training step that ran': plans.reduce((sum, plan) => sum + plan.dispatches, 0),
    'times that progress was told': told,
    'first step, ms': first,
    'a later step, ms': later,
  };
}
