/** The training loss: next-token cross-entropy on the positions that labels keep, through vision tower, resampler and decoder. */
import { concat, crossEntropy, gather, HostArray, type Tensor } from '../engine/index.ts';
import type { Kosmos2Config } from './config.ts';
import { decode } from './decoder.ts';
import { decoderInput } from './kosmos2.ts';
import { Dropouts, linear, type Mode, noTap } from './modules.ts';
import type { Kosmos2Parameters } from './parameters.ts';
import { resample } from './resampler.ts';
import { visionTower } from './vision.ts';

/** Rows of one length as tensors. */
export interface LossRows {
  readonly ids: Tensor;
  readonly positionIds: Tensor;
  readonly bounds: Tensor;
  readonly slots: { readonly mask: Tensor; readonly index: Tensor } | null;
  /** i32 [B·T]: what each position should predict; negative where that does not count. */
  readonly labels: Tensor;
  /** Tokens that predictions leave open, if any do. */
  readonly open?: LossOpenTokens | null;
}

/** Tokens that take no part in the softmax of some predictions: how likely they are there is left open. */
export interface LossOpenTokens {
  /** f32 [V, C]: `openLogit` where a token has a column, else 0. */
  readonly tokens: Tensor;
  /** f32 [predictions, C]: 1 in the columns of the tokens that each leaves open, else 0. */
  readonly predictions: Tensor;
}

/** Patches to be named, a pair of a patch and a token of its name each. */
export interface LossPatches {
  /** i32 [M]: where the patch is among the tower's features of all pictures, `1 + patches` of each. */
  readonly index: Tensor;
  /** i32 [M]: the token; negative where that does not count. */
  readonly labels: Tensor;
  /** Tokens that patches leave open, if any do. */
  readonly open?: LossOpenTokens | null;
}

/** So low that a token takes no part in the softmax. */
export const openLogit = -1e4;

/** One batch as tensors: its pictures (null for text alone), rows about them in groups of one length each, and what their patches show. */
export interface LossInput {
  readonly pixels: Tensor | null;
  readonly groups: readonly LossRows[];
  readonly patches?: LossPatches | null;
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

/**
 * Σ −log p(token) over pairs of patches and tokens: p is the softmax over the vocabulary of what the projection's linear layer makes of the patch, compared with
 * the decoder's embedding. It brings patches and words for them together, as CLIP does pictures and captions, and has no parameters of its own. A patch with n
 * tokens costs n log n at least. Tokens that are left open take no part in the softmax.
 */
function namingLoss(
  { image_to_text_projection: projection, text_model: text }: Kosmos2Parameters,
  features: Tensor,
  { index, labels, open }: LossPatches,
): Tensor {
  const { weight } = text.model.embed_tokens;
  // each patch once, however many tokens name it; the resampler begins with the same layer
  const projected = linear(features, projection.dense).reshape([-1, weight.shape[1]]);
  return predictionLoss(gather(projected, index), weight, labels, open);
}

/** Σ −log p(label) of rows [N, D] compared with the embedding [V, D]. */
function predictionLoss(rows: Tensor, weight: Tensor, labels: Tensor, open?: LossOpenTokens | null): Tensor {
  if (!open) return crossEntropy(rows, weight, labels).sum();
  // further columns, so that the product itself adds to the logits
  return crossEntropy(concat([rows, open.predictions], 1), concat([weight, open.tokens], 1), labels).sum();
}

/**
 * Σ −log p(label) over the kept positions: a scalar. Divide by their number for the mean. Dropout stands where the released code has it: behind the embeddings
 * (once), on what attention and feed-forward add, and on the weights of decoder and resampler; the vision tower has none.
 */
export function lossSum(
  parameters: Kosmos2Parameters,
  config: Kosmos2Config,
  positionTable: Tensor,
  input: LossInput,
  mode: Mode = {},
): Tensor {
  const decoder = parameters.text_model.model;
  const dropouts = new Dropouts(mode);
  const features = input.pixels
    ? visionTower(parameters.vision_model.model, config.vision, input.pixels, null, noTap, mode)
    : null;
  const vectors =
    features && input.groups.length > 0
      ? resample(parameters.image_to_text_projection, config.text, features, dropouts)
      : null;
  const { embed_tokens: embedding } = decoder;
  const sums = input.groups.map(({ ids, positionIds, bounds, slots, labels, open }) => {
    const rows = decoderInput(ids, positionIds, bounds, slots, vectors);
    const hidden = decode(decoder, config.text, positionTable, rows, noTap, mode, dropouts);
    return predictionLoss(hidden.reshape([-1, config.text.embedDim]), embedding.weight, labels, open);
  });
  if (features && input.patches) sums.push(namingLoss(parameters, features, input.patches));
  return sums.reduce((total, sum) => total.add(sum));
}
