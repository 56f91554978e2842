/** Pictures of a batch to image vectors; one that several rows ask about goes through the vision tower once. */
import { type PreprocessorConfig, preprocess, type RgbImage } from '../../data/index.ts';
import { type Compiled, compile, gather, HostArray, type Tensor } from '../../engine/index.ts';
import type { Kosmos2, PixelBatch } from '../../model/index.ts';

type Repeat = (vectors: Tensor, index: Tensor) => Tensor;

export class PictureEncoder {
  readonly #model: Kosmos2;
  readonly #preprocessor: Readonly<PreprocessorConfig>;
  readonly #repeat: Compiled<Parameters<Repeat>, Tensor>;

  constructor(model: Kosmos2, preprocessor: Readonly<PreprocessorConfig>) {
    this.#model = model;
    this.#preprocessor = preprocessor;
    this.#repeat = compile<Parameters<Repeat>, Tensor>(
      (vectors, index) => {
        const [pictures, latents, width] = vectors.shape;
        return gather(vectors.reshape([pictures, latents * width]), index).reshape([index.shape[0], latents, width]);
      },
      { device: model.device, name: 'repeated pictures' },
    );
  }

  /** Vectors [n, latents, D] of n pictures, in order, repetitions included; null for none. The caller disposes them. */
  async encode(images: readonly RgbImage[]): Promise<Tensor | null> {
    if (images.length === 0) return null;
    const different = [...new Set(images)];
    const vectors = await this.#model.encodeImages(pixelBatch(different, this.#preprocessor));
    if (different.length === images.length) return vectors;
    const index = new HostArray(Int32Array.from(images, (image) => different.indexOf(image)));
    const repeated = await this.#repeat(vectors, index);
    vectors.dispose();
    return repeated;
  }

  dispose(): void {
    this.#repeat.dispose();
  }
}

/** @throws Error when the preprocessor makes pictures of different size */
function pixelBatch(images: readonly RgbImage[], preprocessor: Readonly<PreprocessorConfig>): PixelBatch {
  const pictures = images.map((image) => preprocess(image, preprocessor));
  const [{ width, height, data }] = pictures;
  const all = new Float32Array(pictures.length * data.length);
  for (const [i, picture] of pictures.entries()) {
    if (picture.width !== width || picture.height !== height)
      throw new Error(
        `the preprocessor makes pictures of different size (${width}x${height}, ${picture.width}x${picture.height}): evaluate with --batch 1`,
      );
    all.set(picture.data, i * data.length);
  }
  return { data: all, shape: [pictures.length, 3, height, width] };
}
