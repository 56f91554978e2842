/** Pictures to files. */
import { encode } from 'fast-png';
import { assertRgbImage, type RgbImage } from './image.ts';

/** An 8-bit RGB PNG file. */
export function encodePng(image: RgbImage): Uint8Array {
  assertRgbImage(image, 'encodePng');
  return encode({ ...image, channels: 3, depth: 8 });
}
