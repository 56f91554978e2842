/** KOSMOS-2: vision tower, resampler and decoder of one checkpoint on one device. */
import { compile, type Device, HostArray, type Tensor } from '../engine/index.ts';
import { type HostBatch, hostBatch, type TokenBatch } from './batch.ts';
import { disposeParameters, type LoadOptions, loadWeights, plainParameters, readConfig } from './checkpoint.ts';
import { type Kosmos2Config, patchesPerSide } from './config.ts';
import { type DecoderInput, decode, head } from './decoder.ts';
import type { Tap } from './modules.ts';
import type { Kosmos2Parameters, Kosmos2Weights } from './parameters.ts';
import { PositionTable } from './positions.ts';
import { resample } from './resampler.ts';
import { interpolationMatrix, visionTower } from './vision.ts';

/** Pictures as the processor gives them: normalised, channel-first. */
export interface PixelBatch {
  readonly data: Float32Array;
  /** [n, C, H, W]. */
  readonly shape: readonly [number, number, number, number];
}

export interface Kosmos2Options {
  /** Hears how many kernels of the image encoder or the decoder are compiled. */
  onCompile?: (done: number, all: number) => void;
}

/** Tensors by name, as a {@link Tap} heard them. */
export type Taps = Record<string, Tensor>;

export class Kosmos2 {
  readonly config: Kosmos2Config;
  readonly weights: Kosmos2Weights;
  readonly device: Device;
  readonly #positions: PositionTable;
  readonly #encode;
  readonly #forward;

  constructor(config: Kosmos2Config, weights: Kosmos2Weights, device: Device, { onCompile }: Kosmos2Options = {}) {
    this.config = config;
    this.weights = weights;
    this.device = device;
    this.#positions = new PositionTable(config.text, device);
    this.#encode = compile(this.#traceEncode.bind(this), { name: 'image encoder', device, onCompile });
    this.#forward = compile(this.#traceForward.bind(this), { name: 'decoder', device, onCompile });
  }

  /** Loads a model folder in the Hugging Face layout. */
  static async load(folder: string, device: Device, options: LoadOptions & Kosmos2Options = {}): Promise<Kosmos2> {
    const config = await readConfig(folder);
    return new Kosmos2(config, await loadWeights(folder, config, device, options), device, options);
  }

  /** The weights as training takes them. Throws where matrices are quantised. */
  get parameters(): Kosmos2Parameters {
    return plainParameters(this.weights);
  }

  /** The sinusoid table on the device, at least `rows` rows. */
  positionTable(rows = 0): Tensor {
    return this.#positions.withRows(rows);
  }

  /** Pictures to image vectors [n, latents, D]. A size other than the configured one interpolates the position embeddings. */
  async encodeImages(pixels: PixelBatch): Promise<Tensor> {
    const { vectors, taps } = await this.encodeImagesTapped(pixels, false);
    for (const tensor of Object.values(taps)) tensor.dispose();
    return vectors;
  }

  /** As `encodeImages`, with the intermediate results (`vision.embeddings`, `vision.layer.i`, …). The caller disposes them. */
  async encodeImagesTapped({ data, shape }: PixelBatch, tapped = true): Promise<{ vectors: Tensor; taps: Taps }> {
    const { channels, imageSize, patchSize } = this.config.vision;
    const [, c, height, width] = shape;
    if (c !== channels || height % patchSize !== 0 || width % patchSize !== 0) {
      throw new Error(
        `pictures [${shape.join(', ')}] do not fit the model: it takes ${channels} channels and sides that are multiples of ${patchSize}`,
      );
    }
    const resized = height !== imageSize || width !== imageSize;
    const interpolation = resized
      ? interpolationMatrix(patchesPerSide(this.config.vision), height / patchSize, width / patchSize)
      : null;
    return this.#encode(new HostArray(data, shape), interpolation, tapped);
  }

  #traceEncode(pixels: Tensor, interpolation: Tensor | null, tapped: boolean): { vectors: Tensor; taps: Taps } {
    const taps: Taps = {};
    const tap: Tap = (name, value) => {
      if (tapped) taps[name] = value;
    };
    const { vision_model: vision, image_to_text_projection: projection } = this.weights;
    const features = visionTower(vision.model, this.config.vision, pixels, interpolation, tap);
    return { vectors: resample(projection, this.config.text, features), taps };
  }

  /** Checks that the slots of a batch and the given image vectors belong together. */
  prepareBatch(batch: TokenBatch, images: Tensor | null): HostBatch {
    const host = hostBatch(batch, this.config);
    const vectors = images ? images.shape[0] * images.shape[1] : 0;
    if (host.slotCount !== vectors) {
      throw new Error(
        `the prompts have ${host.slotCount} image slots, but the images give ${vectors} vectors (${this.config.latentQueryNum} each)`,
      );
    }
    return host;
  }

  /** Logits [B, T, vocabulary] of all positions, and intermediate results if asked for. The caller disposes them. */
  async forward(batch: TokenBatch, images: Tensor | null, tapped = false): Promise<{ logits: Tensor; taps: Taps }> {
    const { ids, positionIds, bounds, slots, lastPosition } = this.prepareBatch(batch, images);
    return this.#forward(this.positionTable(lastPosition + 1), ids, positionIds, bounds, slots, images, tapped);
  }

  #traceForward(
    table: Tensor,
    ids: Tensor,
    positionIds: Tensor,
    bounds: Tensor,
    slots: { mask: Tensor; index: Tensor } | null,
    vectors: Tensor | null,
    tapped: boolean,
  ): { logits: Tensor; taps: Taps } {
    const taps: Taps = {};
    const tap: Tap = (name, value) => {
      if (tapped) taps[name] = value;
    };
    const decoder = this.weights.text_model.model;
    const hidden = decode(
      decoder,
      this.config.text,
      table,
      decoderInput(ids, positionIds, bounds, slots, vectors),
      tap,
    );
    return { logits: head(decoder, hidden), taps };
  }

  /** Frees the weights and all plans. */
  dispose(): void {
    this.#encode.dispose();
    this.#forward.dispose();
    this.#positions.dispose();
    disposeParameters(this.weights);
  }
}

/** Puts the pieces of a traced batch together. */
export function decoderInput(
  ids: Tensor,
  positionIds: Tensor,
  bounds: Tensor,
  slots: { mask: Tensor; index: Tensor } | null,
  vectors: Tensor | null,
): DecoderInput {
  return { ids, positionIds, bounds, images: slots && vectors ? { ...slots, vectors } : null };
}
