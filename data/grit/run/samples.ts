/** Records with small pictures of theirs, kept on the way for people to look at. */
import { type PictureSource, pictureBytes } from '../../corpora/picture-files.ts';
import { decodeImage } from '../../image/decode.ts';
import { encodePng } from '../../image/encode.ts';
import { resizeBicubic } from '../../image/resize.ts';
import type { PipelineResult } from '../pipeline.ts';
import type { GritRecord } from '../records.ts';

export interface Sample {
  readonly record: GritRecord;
  /** A PNG file in base64. */
  readonly png: string;
}

/** Samples of a run, and of one of its files. */
const MOST = 48;
const MOST_OF_PART = 24;
/** Pixels of the longer side. */
const LONG_SIDE = 288;

export class SampleKeeper {
  readonly list: Sample[];
  #ofPart = 0;

  /** @param earlier what another one's `list` was */
  constructor(earlier: readonly Sample[] = []) {
    this.list = [...earlier];
  }

  /** A new file of records begins. */
  nextPart(): void {
    this.#ofPart = 0;
  }

  /** Keeps the record if there is room and its picture can be had. */
  async offer({ record, pair }: PipelineResult): Promise<void> {
    if (!record || !pair.picture || this.list.length >= MOST || this.#ofPart >= MOST_OF_PART) return;
    const png = await smallPicture(pair.picture);
    if (png === null) return;
    this.list.push({ record, png });
    this.#ofPart++;
  }
}

async function smallPicture(source: PictureSource): Promise<string | null> {
  try {
    const image = await decodeImage(await pictureBytes(source));
    const factor = LONG_SIDE / Math.max(image.width, image.height);
    const [width, height] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * factor)));
    return base64(encodePng(resizeBicubic(image, width!, height!)));
  } catch {
    // Whoever looks for boxes tells of it.
    return null;
  }
}

function base64(bytes: Uint8Array): string {
  const PIECE = 8192;
  let characters = '';
  for (let at = 0; at < bytes.length; at += PIECE) characters += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(characters);
}
