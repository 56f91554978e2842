/** Image files to pixels. */
import type { RgbImage } from './image.ts';
import { decodeJpeg } from './jpeg/decode.ts';
import { decodePng } from './png/decode.ts';
import { decodeWebp } from './webp/decode.ts';

export type ImageFormat = 'png' | 'jpeg' | 'webp';

export interface DecodedImage extends RgbImage {
  format: ImageFormat;
  /** What was odd about the file but does not make it useless, in words for the user. */
  warnings: string[];
}

export interface DecodeOptions {
  /** Pictures with more pixels are refused before they are decoded. Default 2²⁶ (8192×8192), which needs up to 0.9 GB. */
  maxPixels?: number;
}

const DEFAULT_MAX_PIXELS = 2 ** 26;

/**
 * Decodes a PNG, JPEG or WebP file to 8-bit RGB, bit for bit as Pillow's `Image.open(…).convert('RGB')`.
 *
 * The format is told by the content. Alpha is dropped without compositing; EXIF orientation, gamma and colour profiles
 * have no influence; 16-bit colours keep their high byte, 16-bit gray is clipped at 255; CMYK follows Pillow's formula.
 *
 * @param bytes the whole file
 * @throws Error that says what is wrong with the file: another format, damaged, truncated, of no size, or too large
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Promise<DecodedImage> {
  const { maxPixels = DEFAULT_MAX_PIXELS } = options;
  const warnings: string[] = [];
  const format = formatOf(bytes);
  const checkSize = sizeCheck(format, maxPixels);
  const image = await decodeAs(format, unshared(bytes), checkSize, warnings);
  return { ...image, format, warnings: [...new Set(warnings)] };
}

async function decodeAs(
  format: ImageFormat,
  bytes: Uint8Array<ArrayBuffer>,
  checkSize: (width: number, height: number) => void,
  warnings: string[],
): Promise<RgbImage> {
  switch (format) {
    case 'png':
      return decodePng(bytes, checkSize, warnings);
    case 'jpeg':
      return decodeJpeg(bytes, checkSize, warnings);
    case 'webp':
      return decodeWebp(bytes, checkSize, warnings);
  }
}

/** The platform's streams do not take shared memory. */
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

function sizeCheck(format: ImageFormat, maxPixels: number): (width: number, height: number) => void {
  return (width, height) => {
    if (width === 0 || height === 0) {
      throw new Error(`${format} image: the file says it is ${width}x${height} pixels, which is no picture`);
    }
    if (width * height > maxPixels) {
      throw new Error(
        `${format} image: the file says it is ${width}x${height} pixels; more than ${maxPixels} are refused (option maxPixels)`,
      );
    }
  };
}

/** First characters of files that people try, as Latin-1. */
const OTHER_FORMATS: readonly [RegExp, string][] = [
  [/^GIF8/, 'GIF'],
  [/^BM/, 'BMP'],
  [/^(II\*\0|MM\0\*)/, 'TIFF'],
  [/^....ftyp(avif|avis)/s, 'AVIF'],
  [/^....ftyp(heic|heix|mif1|msf1)/s, 'HEIC'],
  [/^....JXL /s, 'JPEG XL'],
  [/^....jP /s, 'JPEG 2000'],
  [/^%PDF/, 'PDF'],
  [/^(\xef\xbb\xbf)?\s*<(\?xml|svg|!DOCTYPE svg)/i, 'SVG'],
];

function formatOf(bytes: Uint8Array): ImageFormat {
  if (bytes.length === 0) throw new Error('the image file is empty');
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (/^RIFF....WEBP/s.test(start)) return 'webp';
  const other = OTHER_FORMATS.find(([pattern]) => pattern.test(start));
  const found = other ? `this is ${other[1]}` : 'this is none of them';
  throw new Error(`only PNG, JPEG and WebP images can be read, and ${found}; convert it first`);
}
