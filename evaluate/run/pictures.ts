/** The pictures of evaluations: files below one folder, or scenes that are drawn when they are wanted. */
import { decodeImage, type RgbImage } from '../../data/index.ts';
import { runtime } from '../../engine/runtime/index.ts';

/** Where a picture comes from. */
export type PictureSource =
  | {
      /** Paths that it may have below the folder of pictures, the likeliest first. */
      readonly names: readonly string[];
    }
  | {
      /** Names it, for a second use. */
      readonly key: string;
      readonly draw: (side: number) => RgbImage;
    };

/** A picture that is not there, or that cannot be decoded. */
export class PictureError extends Error {
  readonly kind: 'missing picture' | 'unreadable picture';

  constructor(kind: PictureError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Pictures that are kept, for neighbouring rows often ask about the same one. */
const KEPT = 32;

export class Pictures {
  readonly #folder: string;
  readonly #side: number;
  readonly #kept = new Map<string, Promise<RgbImage>>();

  /** @param side pixels that drawn pictures get */
  constructor(folder: string, side: number) {
    this.#folder = folder;
    this.#side = side;
  }

  /** The same object for the same picture, as long as it is kept. @throws PictureError */
  load(source: PictureSource): Promise<RgbImage> {
    const key = 'names' in source ? source.names.join('\n') : source.key;
    const kept = this.#kept.get(key) ?? this.#read(source);
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT) this.#kept.delete(oldest);
    return kept;
  }

  async #read(source: PictureSource): Promise<RgbImage> {
    if (!('names' in source)) return source.draw(this.#side);
    const path = await this.#find(source.names);
    const bytes = await (await runtime()).readFile(path);
    try {
      return await decodeImage(bytes);
    } catch (error) {
      throw new PictureError('unreadable picture', `${path}: ${(error as Error).message}`);
    }
  }

  async #find(names: readonly string[]): Promise<string> {
    const here = await runtime();
    for (const name of names) {
      const path = `${this.#folder}/${name}`;
      if ((await here.status(path))?.kind === 'file') return path;
    }
    const more = names.length > 1 ? `, nor one of ${names.length - 1} other names for it` : '';
    throw new PictureError(
      'missing picture',
      `${this.#folder} holds no ${names[0]}${more}; --pictures tells where pictures are`,
    );
  }
}

/** Names of a picture of COCO, by the name in the data: as it is, below the folder of its part, and as of 2017. */
export function cocoNames(fileName: string): string[] {
  const [, part, year, number] = /^COCO_(train|val|test)(\d{4})_(\d{12}\.jpg)$/.exec(fileName) ?? [];
  if (!part) return [fileName];
  return [fileName, `${part}${year}/${fileName}`, number, `train2017/${number}`, `val2017/${number}`];
}

/** Names of a picture of which the data tells only COCO's number. */
export function cocoNamesOf(imageId: string): string[] {
  const number = imageId.padStart(12, '0');
  const names = ['val2014', 'train2014', 'test2015'].map((part) => `COCO_${part}_${number}.jpg`);
  return [...names, ...names.map((name) => `${name.split('_')[1]}/${name}`), `${number}.jpg`];
}

/** Names of a picture of Flickr30k. */
export function flickrNames(fileName: string): string[] {
  return [fileName, `flickr30k-images/${fileName}`, `flickr30k_images/${fileName}`];
}
