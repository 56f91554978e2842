/** The training loss: next-token cross-entropy on the positions that labels keep, through vision tower, resampler and decoder. */
import { crossEntropy, HostArray, type Tensor } from '../engine/index.ts';
import type { Kosmos2Config } from './config.ts';
import { decode } from './decoder.ts';
import { decoderInput } from './kosmos2.ts';
import type { Kosmos2Parameters } from './parameters.ts';
import { resample } from './resampler.ts';
import { visionTower } from './vision.ts';

/** One batch as tensors; `pixels` null for text alone. */
export interface LossInput {
  readonly ids: Tensor;
  readonly positionIds: Tensor;
  readonly bounds: Tensor;
  readonly slots: { readonly mask: Tensor; readonly index: Tensor } | null;
  readonly pixels: Tensor | null;
  /** From {@link nextTokenLabels}. */
  readonly labels: Tensor;
}

/** The label of positions that are not scored. */
export const ignoredLabel = -100;

/** Labels as the library gives them (same place as the token, −100 = not scored) moved to the position that predicts them: i32 [B·T]. */
export function nextTokenLabels(labels: readonly (readonly number[])[], { text }: Kosmos2Config): HostArray {
  const wrong = labels
    .flat()
    .find((label) => label !== ignoredLabel && !(Number.isInteger(label) && label >= 0 && label < text.vocabSize));
  if (wrong !== undefined)
    throw new Error(`label ${wrong} is neither ${ignoredLabel} nor a token of the vocabulary of ${text.vocabSize}`);
  const moved = labels.flatMap((row) => [...row.slice(1), ignoredLabel]);
  return new HostArray(Int32Array.from(moved));
}

/** Σ −log p(label) over the kept positions: a scalar. Divide by their number for the mean. */
export function lossSum(
  parameters: Kosmos2Parameters,
  config: Kosmos2Config,
  positionTable: Tensor,
  input: LossInput,
): Tensor {
  const decoder = parameters.text_model.model;
  const vectors = input.pixels
    ? resample(
        parameters.image_to_text_projection,
        config.text,
        visionTower(parameters.vision_model.model, config.vision, input.pixels),
      )
    : null;
  const hidden = decode(
    decoder,
    config.text,
    positionTable,
    decoderInput(input.ids, input.positionIds, input.bounds, input.slots, vectors),
  );
  return crossEntropy(hidden.reshape([-1, config.text.embedDim]), decoder.embed_tokens.weight, input.labels).sum();
}
