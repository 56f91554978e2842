/** Where the pictures of records are, and their bytes. */
import { runtime } from '../../engine/runtime/index.ts';
import { Unusable } from './problems.ts';
import type { DataRecord, Row } from './readers/record.ts';

/** The content itself, or paths of which the first that there is counts. */
export type PictureSource =
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly base64: string }
  | { readonly paths: readonly string[] };

const ENDINGS = ['jpg', 'jpeg', 'png', 'webp'];

/**
 * The picture of a record that has one: a file that came with it, `base64`, the path `image`, or a file in the folder that is called
 * as its `key` or `id`.
 *
 * @param folder where relative paths start
 * @throws Unusable where the record does not say
 */
export function pictureOf(record: DataRecord, row: Row, folder: string): PictureSource {
  const [own] = record.pictures?.values() ?? [];
  if (own) return { bytes: own };
  if (typeof row.base64 === 'string') return { base64: row.base64 };
  if (typeof row.image === 'string' && row.image !== '') return { paths: [inFolder(folder, row.image)] };
  const names = [row.key, row.id].filter((name) => ['string', 'number', 'bigint'].includes(typeof name)).map(String);
  if (names.length === 0) throw new Unusable('record without a picture', 'it has no image, key or id');
  return { paths: names.flatMap((name) => pathsFor(folder, name)) };
}

/** A picture that a record names. */
export function namedPicture(record: DataRecord, name: string, folder: string): PictureSource {
  const own = record.pictures?.get(name.slice(name.lastIndexOf('/') + 1));
  // a copy, for a document may name one picture twice, and whoever loads one gives its bytes away
  return own ? { bytes: own.slice() } : { paths: [inFolder(folder, name)] };
}

/** Beside each other, or in folders of ten thousand as img2dataset writes them. */
function pathsFor(folder: string, name: string): string[] {
  const folders = /^\d{9,}$/.test(name) ? [folder, `${folder}/${name.slice(0, -4)}`] : [folder];
  return folders.flatMap((one) => ENDINGS.map((ending) => `${one}/${name}.${ending}`));
}

function inFolder(folder: string, path: string): string {
  return /^(\/|[a-z]+:)/i.test(path) ? path : `${folder}/${path}`;
}

/** @throws Unusable where there is no such file, or it cannot be read */
export async function pictureBytes(source: PictureSource): Promise<Uint8Array<ArrayBuffer>> {
  if ('bytes' in source) return source.bytes;
  if ('base64' in source) return fromBase64(source.base64);
  const here = await runtime();
  for (const path of source.paths) {
    if (!(await here.exists(path))) continue;
    try {
      return await here.readFile(path);
    } catch (error) {
      throw new Unusable('picture that cannot be read', (error as Error).message);
    }
  }
  const [first, ...others] = source.paths;
  throw new Unusable('picture without a file', others.length === 0 ? first : `${first} or like it`);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  let content: string;
  try {
    content = atob(text);
  } catch {
    throw new Unusable('picture that cannot be read', 'it is no base64');
  }
  const bytes = new Uint8Array(content.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = content.charCodeAt(at);
  return bytes;
}
