import type { Device } from '../../../engine/index.ts';
import { Kosmos2 } from '../../../model/index.ts';
import { forwardConfig, forwardInput } from '../../models.ts';
import type { ForwardWork } from '../../works.ts';
import type { Prepared } from '../engine.ts';
import { uploadWeights } from './weights.ts';

/** A picture and a prompt in, logits on the host out. */
export async function prepareForward(device: Device, { size }: ForwardWork): Promise<Prepared> {
  const config = forwardConfig(size);
  const model = new Kosmos2(config, uploadWeights(device, config), device);
  const { pixels, ids, slots } = forwardInput(config);
  const { channels, imageSize } = config.vision;
  const row = Array.from(ids);
  const isSlot = (at: number) => at >= slots.first && at < slots.first + slots.count;
  const batch = {
    inputIds: [row],
    attentionMask: [row.map(() => 1)],
    imageEmbedsPositionMask: [row.map((_, at) => Number(isSlot(at)))],
  };
  const forward = async () => {
    const images = await model.encodeImages({ data: pixels, shape: [1, channels, imageSize, imageSize] });
    const { logits } = await model.forward(batch, images);
    const values = (await logits.read()) as Float32Array;
    logits.dispose();
    images.dispose();
    return values;
  };
  return {
    run: async () => {
      await forward();
    },
    outputs: async () => [await forward()],
    release: () => model.dispose(),
  };
}
