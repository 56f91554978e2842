/** Pictures that came inside of files of pairs, written out one by one, so that training finds them by the records' keys. */
import { runtime } from '../../../engine/runtime/index.ts';
import { pictureBytes } from '../../corpora/picture-files.ts';
import type { PipelineResult } from '../pipeline.ts';

/**
 * Writes the picture of a record as `KEY.jpg` or whatever it is; pictures that are files already stay where they are.
 *
 * @returns false where another picture has that name
 */
export async function savePicture(folder: string, { record, pair }: PipelineResult): Promise<boolean> {
  const { picture } = pair;
  if (!record || record.key === null || !picture || 'paths' in picture) return true;
  const bytes = await pictureBytes(picture);
  const path = `${folder}/${safe(record.key)}.${endingOf(bytes)}`;
  const here = await runtime();
  // a run that goes on may come to the same pictures again
  if (await here.exists(path)) return isSame(await here.readFile(path), bytes);
  await here.makeFolder(path.slice(0, path.lastIndexOf('/')));
  await here.writeFileAtomic(path, bytes);
  return true;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((value, at) => value === other[at]);
}

/** A key may hold folders, but lead out of this one it must not. */
function safe(key: string): string {
  return key
    .split(/[\\/]/)
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/');
}

function endingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0x89) return 'png';
  return bytes[0] === 0x52 ? 'webp' : 'jpg';
}
