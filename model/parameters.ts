/** The parameters of a model: a tree whose paths are the names in the checkpoint, with what the shape of each must be. */
import { leavesOf, mapTree, type Tensor } from '../engine/index.ts';
import { type Kosmos2Config, visionTokens } from './config.ts';
import type { Weight } from './weight.ts';

/** A linear layer (whose matrix may be of another type M, see {@link Kosmos2Weights}) or a norm. */
export interface Affine<T = Tensor, M = T> {
  readonly weight: M;
  readonly bias: T;
}

interface Projections<T, M> {
  readonly k_proj: Affine<T, M>;
  readonly v_proj: Affine<T, M>;
  readonly q_proj: Affine<T, M>;
  readonly out_proj: Affine<T, M>;
}

export interface DecoderLayer<T = Tensor, M = T> {
  readonly self_attn: Projections<T, M> & { readonly inner_attn_ln: Affine<T> };
  readonly self_attn_layer_norm: Affine<T>;
  readonly ffn: { readonly fc1: Affine<T, M>; readonly fc2: Affine<T, M>; readonly ffn_layernorm: Affine<T> };
  readonly final_layer_norm: Affine<T>;
}

export interface DecoderParameters<T = Tensor, M = T> {
  readonly embed_tokens: { readonly weight: M };
  readonly layers: readonly DecoderLayer<T, M>[];
  readonly layer_norm: Affine<T>;
}

export interface VisionLayer<T = Tensor, M = T> {
  readonly self_attn: Projections<T, M>;
  readonly layer_norm1: Affine<T>;
  readonly layer_norm2: Affine<T>;
  readonly mlp: { readonly fc1: Affine<T, M>; readonly fc2: Affine<T, M> };
}

export interface VisionParameters<T = Tensor, M = T> {
  readonly embeddings: {
    readonly class_embedding: T;
    /** [hidden, channels · patch · patch] here, [hidden, channels, patch, patch] in files. */
    readonly patch_embedding: { readonly weight: T };
    readonly position_embedding: { readonly weight: T };
  };
  readonly pre_layrnorm: Affine<T>;
  readonly encoder: { readonly layers: readonly VisionLayer<T, M>[] };
  readonly post_layernorm: Affine<T>;
}

export interface ResamplerParameters<T = Tensor, M = T> {
  readonly dense: Affine<T, M>;
  readonly latent_query: T;
  readonly x_attn: Projections<T, M>;
}

export interface Kosmos2Parameters<T = Tensor, M = T> {
  readonly text_model: { readonly model: DecoderParameters<T, M> };
  readonly vision_model: { readonly model: VisionParameters<T, M> };
  readonly image_to_text_projection: ResamplerParameters<T, M>;
}

/** Parameters for use: matrices of linear layers and the embedding may be quantised. */
export type Kosmos2Weights = Kosmos2Parameters<Tensor, Weight>;

/** The shape of one parameter in the file. */
export class ParameterShape {
  readonly shape: readonly number[];
  constructor(...shape: number[]) {
    this.shape = shape;
  }
}

/** A matrix [out, in] that rows are multiplied by; such may be quantised along its rows. */
export class MatrixShape extends ParameterShape {
  constructor(out: number, width: number) {
    super(out, width);
  }
}

const vector = (size: number) => new ParameterShape(size);
const affine = (out: number, width: number): Affine<ParameterShape> => ({
  weight: new MatrixShape(out, width),
  bias: vector(out),
});
const norm = (size: number): Affine<ParameterShape> => ({ weight: vector(size), bias: vector(size) });

function projections(width: number): Projections<ParameterShape, ParameterShape> {
  return {
    k_proj: affine(width, width),
    v_proj: affine(width, width),
    q_proj: affine(width, width),
    out_proj: affine(width, width),
  };
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

/** What a checkpoint of this configuration holds; `text_model.lm_head.weight` is tied to the embedding and not listed. */
export function parameterShapes({ text, vision, latentQueryNum }: Kosmos2Config): Kosmos2Parameters<ParameterShape> {
  const { embedDim, ffnDim } = text;
  const { hiddenSize, intermediateSize, channels, patchSize } = vision;
  const decoderLayer = (): DecoderLayer<ParameterShape> => ({
    self_attn: { ...projections(embedDim), inner_attn_ln: norm(embedDim) },
    self_attn_layer_norm: norm(embedDim),
    ffn: { fc1: affine(ffnDim, embedDim), fc2: affine(embedDim, ffnDim), ffn_layernorm: norm(ffnDim) },
    final_layer_norm: norm(embedDim),
  });
  const visionLayer = (): VisionLayer<ParameterShape> => ({
    self_attn: projections(hiddenSize),
    layer_norm1: norm(hiddenSize),
    layer_norm2: norm(hiddenSize),
    mlp: { fc1: affine(intermediateSize, hiddenSize), fc2: affine(hiddenSize, intermediateSize) },
  });
  return {
    text_model: {
      model: {
        embed_tokens: { weight: new MatrixShape(text.vocabSize, embedDim) },
        layers: times(text.layers, decoderLayer),
        layer_norm: norm(embedDim),
      },
    },
    vision_model: {
      model: {
        embeddings: {
          class_embedding: vector(hiddenSize),
          patch_embedding: { weight: new ParameterShape(hiddenSize, channels, patchSize, patchSize) },
          position_embedding: { weight: new ParameterShape(visionTokens(vision), hiddenSize) },
        },
        pre_layrnorm: norm(hiddenSize),
        encoder: { layers: times(vision.layers, visionLayer) },
        post_layernorm: norm(hiddenSize),
      },
    },
    image_to_text_projection: {
      dense: affine(embedDim, hiddenSize),
      latent_query: new ParameterShape(latentQueryNum, embedDim),
      x_attn: projections(embedDim),
    },
  };
}

/** Name in the file → leaf of the tree. */
export function namedLeaves<T>(tree: Kosmos2Parameters<T>): Map<string, T> {
  const named = new Map<string, T>();
  mapTree(tree, (leaf, path) => {
    named.set(path, leaf as T);
    return leaf;
  });
  return named;
}

export function disposeParameters(parameters: Kosmos2Weights): void {
  for (const leaf of leavesOf(parameters)) (leaf as Tensor).dispose();
}
