/** Pictures of a batch to image vectors; one that several rows ask about goes through the vision tower once. */
import { type PreprocessorConfig, preprocess, type RgbImage, stackPictures } from '../../data/index.ts';
import { type Compiled, compile, gather, HostArray, type Tensor } from '../../engine/index.ts';
import type { Kosmos2 } from '../../model/index.ts';

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

  /** Vectors [n, latents, D] of n pictures, in order, repetitions included; null for none. The caller disposes them. @throws Error when the preprocessor makes pictures of different size */
  async encode(images: readonly RgbImage[]): Promise<Tensor | null> {
    if (images.length === 0) return null;
    const different = [...new Set(images)];
    const vectors = await this.#model.encodeImages(
      stackPictures(different.map((image) => preprocess(image, this.#preprocessor))),
    );
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
