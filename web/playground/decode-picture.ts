/** A chosen picture to pixels. */
import { decodeImage } from '../../data/index.ts';
import type { RgbImage } from '../../index.ts';
import { messageOf } from '../shared/dom.ts';
import type { PictureContent } from './messages.ts';

/** As many pixels as the own decoders take. */
const MOST_PIXELS = 2 ** 26;

export interface Picture {
  readonly image: RgbImage;
  /** What was odd about the file. */
  readonly warnings: readonly string[];
}

/**
 * By the decoders that give the same pixels everywhere; what they do not read (GIF, AVIF, some damaged files) by the browser's own, with a
 * warning.
 * @throws Error that says what is wrong with the file
 */
export async function decodePicture(content: PictureContent): Promise<Picture> {
  if (!(content instanceof Blob)) return { image: content, warnings: [] };
  try {
    const image = await decodeImage(new Uint8Array(await content.arrayBuffer()));
    return { image, warnings: image.warnings };
  } catch (error) {
    const image = await decodeByBrowser(content).catch(() => null);
    if (!image) throw error;
    return {
      image,
      warnings: [`decoded by the browser, so pixels may differ a little elsewhere (${messageOf(error)})`],
    };
  }
}

/** The first frame. */
async function decodeByBrowser(file: Blob): Promise<RgbImage> {
  const bitmap = await createImageBitmap(file, {
    imageOrientation: 'none',
    premultiplyAlpha: 'none',
  } as ImageBitmapOptions);
  try {
    const { width, height } = bitmap;
    if (width * height > MOST_PIXELS) throw new Error(`${width}x${height} pixels are too many`);
    const context = new OffscreenCanvas(width, height).getContext('2d')!;
    context.drawImage(bitmap, 0, 0);
    const rgba = context.getImageData(0, 0, width, height).data;
    const data = new Uint8Array(width * height * 3);
    for (let from = 0, to = 0; from < rgba.length; from += 4) {
      data[to++] = rgba[from];
      data[to++] = rgba[from + 1];
      data[to++] = rgba[from + 2];
    }
    return { width, height, data };
  } finally {
    bitmap.close();
  }
}
