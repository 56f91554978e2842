/** The small model of the tests: weights and reference results for its prompts. */
import { join } from 'node:path';
import { type Device, requestDevice } from '../../../engine/device.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import type { TokenBatch } from '../../../model/batch.ts';
import { Generator } from '../../../model/generate.ts';
import { Kosmos2, type PixelBatch } from '../../../model/kosmos2.ts';
import { adapterChoice } from '../../adapter.ts';
import { readJson } from '../../golden/json.ts';
import { picturesOf, TensorFile } from '../../golden/tensor-file.ts';
import { repositoryRoot } from '../../shared.ts';

/** In the Hugging Face layout, with golden files: two decoder layers of width 80, three vision layers of width 48. */
export const TINY = `${repositoryRoot()}test/goldens/model/tiny-odd`;

export interface TinyPrompts {
  /** One row each, of different lengths, with the slots of one picture. */
  readonly prompts: readonly TokenBatch[];
  /** The same rows as one batch, padded left. */
  readonly padded: TokenBatch;
  /** One picture for each prompt. */
  readonly pictures: PixelBatch;
  /** What the prompts become by greedy search with the 3-gram rule. */
  readonly greedy: readonly (readonly number[])[];
  readonly maxNewTokens: number;
}

export async function tinyPrompts(): Promise<TinyPrompts> {
  const golden = await readJson(join(TINY, 'generation.json'));
  const file = await TensorFile.open(join(TINY, 'generation_inputs.safetensors'));
  const padded = {
    inputIds: await file.rows('left_padded.input_ids'),
    attentionMask: await file.rows('left_padded.attention_mask'),
    imageEmbedsPositionMask: await file.rows('left_padded.image_embeds_position_mask'),
  };
  const pictures = await file.pixels('pixel_values');
  await file.close();
  const prompts = padded.attentionMask.map((mask, row) => {
    const start = mask.indexOf(1);
    return {
      inputIds: [padded.inputIds[row].slice(start)],
      attentionMask: [mask.slice(start)],
      imageEmbedsPositionMask: [padded.imageEmbedsPositionMask[row].slice(start)],
    };
  });
  const { greedy_generated_ids: greedy } = golden.left_padded_batch;
  return { prompts, padded, pictures, greedy, maxNewTokens: golden.max_new_tokens };
}

/** What generates with the model. */
export interface TinyGeneration {
  readonly device: Device;
  readonly model: Kosmos2;
  readonly generator: Generator;
  /** The vectors of the first picture, and of all. */
  readonly image: Tensor;
  readonly images: Tensor;
}

export async function openTinyGeneration({ pictures }: TinyPrompts): Promise<TinyGeneration> {
  const device = await requestDevice({ adapter: adapterChoice() });
  const model = await Kosmos2.load(TINY, device);
  const images = await model.encodeImages(pictures);
  const image = await model.encodeImages(picturesOf(pictures, [0]));
  return { device, model, generator: new Generator(model), image, images };
}

/** The model with weights of which one vector is not numbers. */
export async function loadBroken(device: Device): Promise<Kosmos2> {
  const broken = await Kosmos2.load(TINY, device);
  const { weight } = broken.weights.text_model.model.layer_norm;
  device.write(weight.storage('test').shards[0].buffer, new Float32Array(weight.shape[0]).fill(Number.NaN));
  return broken;
}

/** The largest difference, relative to the largest value of `expected`. */
export function relativeDeviation(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = actual.length === expected.length ? 0 : Number.NaN;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
  }
  return difference / largest;
}

/** The message of the error that a promise is rejected with. */
export function rejection(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: Error) => error.message,
  );
}
