/** From the file of a picture to what the model sees of it. */
import { decodeImage } from '../image/decode.ts';
import type { RgbImage } from '../image/image.ts';
import { resizeBicubic, trainingCrop } from '../image/resize.ts';

/** How pictures are seen: shortest side to `size` and the middle square, or with `squash` all of it in a square. */
export interface PictureView {
  readonly size: number;
  readonly squash: boolean;
}

export interface LoadedPicture {
  /** Pixels of the file. */
  readonly width: number;
  readonly height: number;
  /** `size` × `size`. */
  readonly image: RgbImage;
}

/** @throws Error that says what is wrong with the file */
export async function loadPicture(bytes: Uint8Array, { size, squash }: PictureView): Promise<LoadedPicture> {
  const decoded = await decodeImage(bytes);
  const { width, height } = decoded;
  return { width, height, image: squash ? resizeBicubic(decoded, size, size) : trainingCrop(decoded, size) };
}
