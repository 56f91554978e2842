/** The CLIP vision tower (ViT with pre-LayerNorm blocks), as KOSMOS-2 uses it: every token of the last block, normalised. */
import { attention, concat, HostArray, type Tensor } from '../engine/index.ts';
import type { VisionConfig } from './config.ts';
import { activations, linear, type Mode, norm, noTap, stack, type Tap } from './modules.ts';
import type { VisionLayer, VisionParameters } from './parameters.ts';
import type { Weight } from './weight.ts';

/** Cuts pictures [n, C, H, W] into patches, row by row: [n, patches, C·p·p]. */
function patchify(pixels: Tensor, patchSize: number): Tensor {
  const [n, channels, height, width] = pixels.shape;
  const rows = height / patchSize;
  const columns = width / patchSize;
  return pixels
    .reshape([n, channels, rows, patchSize, columns, patchSize])
    .transpose([0, 2, 4, 1, 3, 5])
    .reshape([n, rows * columns, channels * patchSize * patchSize]);
}

function block(x: Tensor, layer: VisionLayer<Tensor, Weight>, config: VisionConfig): Tensor {
  const { self_attn: attn, mlp } = layer;
  const h = norm(x, layer.layer_norm1, config.layerNormEps);
  const heads = config.attentionHeads;
  const attended = attention(linear(h, attn.q_proj), linear(h, attn.k_proj), linear(h, attn.v_proj), { heads });
  const residual = linear(attended, attn.out_proj).add(x);
  const inner = activations[config.activation](linear(norm(residual, layer.layer_norm2, config.layerNormEps), mlp.fc1));
  return linear(inner, mlp.fc2).add(residual);
}

/**
 * Pictures [n, C, H, W], already normalised, to unit vectors [n, 1 + patches, hidden]. For a size other than the configured one, `interpolation`
 * [patches, configured patches] (see {@link interpolationMatrix}) carries the position embeddings over.
 */
export function visionTower(
  parameters: VisionParameters<Tensor, Weight>,
  config: VisionConfig,
  pixels: Tensor,
  interpolation: Tensor | null = null,
  tap: Tap = noTap,
  mode: Mode = {},
): Tensor {
  const {
    class_embedding: classEmbedding,
    patch_embedding: patch,
    position_embedding: position,
  } = parameters.embeddings;
  const [n] = pixels.shape;
  const patches = patchify(pixels, config.patchSize).matmul(patch.weight, { transposeB: true });
  const first = classEmbedding.reshape([1, 1, config.hiddenSize]).broadcastTo([n, 1, config.hiddenSize]);
  const learned = position.weight.cast('f32');
  const positions = interpolation
    ? concat([learned.slice(0, 0, 1), interpolation.matmul(learned.slice(0, 1, learned.shape[0]))], 0)
    : learned;
  const embedded = norm(concat([first, patches], 1).add(positions), parameters.pre_layrnorm, config.layerNormEps);
  tap('vision.embeddings', embedded);
  const x = stack(embedded, parameters.encoder.layers, mode, (inner, layer, i) => {
    const result = block(inner, layer, config);
    tap(`vision.layer.${i}`, result);
    return result;
  });
  // KOSMOS-2 normalises the whole sequence, where plain CLIP normalises the class token only
  const normalised = norm(x, parameters.post_layernorm, config.layerNormEps);
  tap('vision.post_layernorm', normalised);
  const unit = normalised.l2Normalize();
  tap('vision.normalized', unit);
  return unit;
}

/** Cubic convolution with a = −0.75, as PyTorch's bicubic interpolation. */
function cubic(t: number): number {
  const a = -0.75;
  const x = Math.abs(t);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/** Weights [out][in] of one axis: half-pixel centres, taps past the border repeat it, no antialiasing. */
function axisWeights(from: number, to: number): number[][] {
  return Array.from({ length: to }, (_, i) => {
    const centre = ((i + 0.5) * from) / to - 0.5;
    const base = Math.floor(centre);
    const weights = new Array<number>(from).fill(0);
    for (let tap = base - 1; tap <= base + 2; tap++)
      weights[Math.min(from - 1, Math.max(0, tap))] += cubic(centre - tap);
    return weights;
  });
}

/** The matrix that interpolates position embeddings of a `from` × `from` grid to `rows` × `columns`. */
export function interpolationMatrix(from: number, rows: number, columns: number): HostArray {
  const vertical = axisWeights(from, rows);
  const horizontal = axisWeights(from, columns);
  const matrix = new Float32Array(rows * columns * from * from);
  let at = 0;
  for (const down of vertical) {
    for (const across of horizontal) for (const y of down) for (const x of across) matrix[at++] = y * x;
  }
  return new HostArray(matrix, [rows * columns, from * from]);
}
