/** Pictures of a batch to image vectors; one that several rows ask about goes through the vision tower once. */
import { type PreprocessorConfig, preprocess, type RgbImage, stackPictures } from '../../data/index.ts';
import { type Compiled, compile, gather, HostArray, type Tensor } from '../../engine/index.ts';
import type { Kosmos2 } from '../../model/index.ts';

type Repeat = (vectors: Tensor, index: Tensor) => Tensor;

export class PictureEncoder {
  readonly #model: Kosmos2;
  readonly #preprocessor: Readonly<PreprocessorConfig>;
  readonly #repeat: Compiled<Parameters<Repeat>, Tensor>;
  readonly #roundUp: (count: number) => number;

  /** @param roundUp how many pictures go through the vision tower for so many: fewer different numbers need fewer plans. Default: as many */
  constructor(
    model: Kosmos2,
    preprocessor: Readonly<PreprocessorConfig>,
    roundUp: (count: number) => number = (count) => count,
  ) {
    this.#model = model;
    this.#preprocessor = preprocessor;
    this.#roundUp = roundUp;
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
    const pictures = different.map((image) => preprocess(image, this.#preprocessor));
    while (pictures.length < this.#roundUp(different.length)) pictures.push(pictures[0]);
    const vectors = await this.#model.encodeImages(stackPictures(pictures));
    if (different.length === images.length && pictures.length === images.length) return vectors;
    const index = new HostArray(Int32Array.from(images, (image) => different.indexOf(image)));
    const repeated = await this.#repeat(vectors, index);
    vectors.dispose();
    return repeated;
  }

  dispose(): void {
    this.#repeat.dispose();
  }
}
