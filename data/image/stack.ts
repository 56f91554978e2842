/** Pictures of one size as one batch for the vision tower. */

/** Normalised planes, as `preprocess` gives them: [3, height, width]. */
export interface PicturePlanes {
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
}

export interface PictureBatch {
  readonly data: Float32Array<ArrayBuffer>;
  /** [n, 3, height, width]. */
  readonly shape: readonly [number, number, number, number];
}

/**
 * @param pictures at least one
 * @throws Error when they differ in size
 */
export function stackPictures(pictures: readonly PicturePlanes[]): PictureBatch {
  const [{ width, height, data }] = pictures;
  const all = new Float32Array(pictures.length * data.length);
  for (const [i, picture] of pictures.entries()) {
    if (picture.width !== width || picture.height !== height)
      throw new Error(
        `pictures of different size cannot go together (${width}x${height}, ${picture.width}x${picture.height}): the preprocessor makes such; take one at a time`,
      );
    all.set(picture.data, i * data.length);
  }
  return { data: all, shape: [pictures.length, 3, height, width] };
}
