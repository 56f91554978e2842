/** A picture in memory: 8-bit RGB, rows from top to bottom, pixels from left to right, three bytes a pixel (HWC). */
export interface RgbImage {
  width: number;
  height: number;
  /** `width * height * 3` bytes. */
  data: Uint8Array;
}

/** Throws when `image` is not what it says it is. */
export function assertRgbImage(image: RgbImage, where: string): void {
  const { width, height, data } = image;
  const sizesFit = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!sizesFit || data.length !== width * height * 3) {
    throw new Error(
      `${where}: the image says ${width}x${height} pixels and holds ${data.length} bytes; RGB needs width * height * 3 bytes`,
    );
  }
}
