/** WebP to RGB, bit for bit as Pillow's `Image.open(…).convert('RGB')`: lossy, lossless, first frame of animations. */
import type { RgbImage } from '../image.ts';
import { createWebpModule, type WebpModule } from './codec.ts';
import { readWebp } from './container.ts';

/**
 * @param checkSize called with every declared size before anything is decoded; throws to refuse
 * @throws Error when the file is damaged or truncated
 */
export async function decodeWebp(
  bytes: Uint8Array,
  checkSize: (width: number, height: number) => void,
  warnings: string[],
): Promise<RgbImage> {
  const { width, height, still, left, top } = readWebp(bytes, checkSize, warnings);
  const codec = await createWebpModule();
  const decoded = decodeStill(codec, still);
  if (left + decoded.width > width || top + decoded.height > height) {
    throw new Error('WebP: the picture is larger than the canvas it should fit; the file is damaged');
  }
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < decoded.height; y++) {
    let from = y * decoded.width * 4;
    let to = ((top + y) * width + left) * 3;
    for (let x = 0; x < decoded.width; x++, from += 4, to += 3) {
      data[to] = decoded.data[from];
      data[to + 1] = decoded.data[from + 1];
      data[to + 2] = decoded.data[from + 2];
    }
  }
  return { width, height, data };
}

function decodeStill(codec: WebpModule, still: Uint8Array): { width: number; height: number; data: Uint8ClampedArray } {
  const message = 'WebP: the picture cannot be decoded; the file is truncated or damaged';
  let decoded: ReturnType<WebpModule['decode']>;
  try {
    decoded = codec.decode(still);
  } catch (cause) {
    throw new Error(message, { cause });
  }
  if (!decoded) throw new Error(message);
  return decoded;
}
