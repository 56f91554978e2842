/** What the golden checks of gradients and of training share: batches with labels, and the loss on them. */
import { HostArray, leavesOf, mapTree, type Tensor } from '../../engine/index.ts';
import { hostBatch } from '../../model/batch.ts';
import type { Kosmos2 } from '../../model/kosmos2.ts';
import { ignoredLabel, nextTokenLabels } from '../../model/loss.ts';
import type { Kosmos2Parameters } from '../../model/parameters.ts';
import type { TensorFile } from './tensor-file.ts';

/** What one batch feeds a compiled function with. */
export type LossFeed = Awaited<ReturnType<typeof labelledBatch>>['feed'];

/** The stored batch whose tensors begin with `prefix`, and how many of its labels are scored. */
export async function labelledBatch(file: TensorFile, prefix: string, { config }: Kosmos2) {
  const optional = (name: string) => (file.has(prefix + name) ? file.rows(prefix + name) : undefined);
  const labels = await file.rows(`${prefix}labels`);
  const { ids, positionIds, bounds, slots } = hostBatch(
    {
      inputIds: await file.rows(`${prefix}input_ids`),
      attentionMask: await file.rows(`${prefix}attention_mask`),
      imageEmbedsPositionMask: await optional('image_embeds_position_mask'),
    },
    config,
  );
  const pictures = file.has(`${prefix}pixel_values`) ? await file.pixels(`${prefix}pixel_values`) : null;
  const pixels = pictures ? new HostArray(pictures.data, pictures.shape) : null;
  const kept = labels.flatMap((row) => row.slice(1)).filter((label) => label !== ignoredLabel).length;
  return {
    kept,
    feed: { pixels, groups: [{ ids, positionIds, bounds, slots, labels: nextTokenLabels(labels, config) }] },
  };
}

/** A copy of the parameters that a run may change, so that the model itself stays as it was loaded. */
export function copyParameters(parameters: Kosmos2Parameters): Kosmos2Parameters {
  return mapTree(parameters, (leaf) => (leaf as Tensor).add(0));
}

export function zerosLike(model: Kosmos2): Kosmos2Parameters {
  return mapTree(model.parameters, (leaf) => model.device.zeros((leaf as Tensor).shape));
}

export function disposeTree(tree: unknown): void {
  for (const leaf of leavesOf(tree)) (leaf as Tensor).dispose();
}

/** The bias of a key projection adds a constant to all keys of a row, which the softmax cancels: only its absolute size counts. */
export function hasNoGradient(name: string): boolean {
  return name.endsWith('k_proj.bias');
}
