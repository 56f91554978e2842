/** The first step of KOSMOS-2 training: how many pipelines it compiles, all of them together, and for how long. */
import type { Device } from '../../../engine/index.ts';
import type { Figures } from '../../works.ts';
import { kosmosTraining } from './kosmos-training.ts';

export async function measureFirstStep(device: Device, tiny: boolean): Promise<Figures> {
  const before = device.pipelineCount;
  let told = 0;
  const training = await kosmosTraining(device, tiny, () => {
    told++;
  });
  const began = performance.now();
  await training.step();
  const first = performance.now() - began;
  const pipelines = device.pipelineCount - before;
  await training.step();
  const again = performance.now();
  await training.step();
  const later = performance.now() - again;
  const plans = training.describe();
  training.dispose();
  return {
    'distinct pipelines of a training step': pipelines,
    'pipelines of the plans, as they tell': plans.reduce((sum, plan) => sum + plan.pipelines, 0),
    'dispatches of a training step': plans.reduce((sum, plan) => sum + plan.dispatches, 0),
    'times that progress was told': told,
    'first step, ms': first,
    'a later step, ms': later,
  };
}
