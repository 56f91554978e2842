/** Pictures that came inside of files of pairs, written out one by one, so that training finds them by the records' keys. */
import { runtime } from '../../../engine/runtime/index.ts';
import { pictureBytes } from '../../corpora/picture-files.ts';
import type { PipelineResult } from '../pipeline.ts';

/** Writes the picture of a record as `KEY.jpg` or whatever it is; pictures that are files already stay where they are. */
export async function savePicture(folder: string, { record, pair }: PipelineResult): Promise<void> {
  const { picture } = pair;
  if (!record || record.key === null || !picture || 'paths' in picture) return;
  const bytes = await pictureBytes(picture);
  const path = `${folder}/${safe(record.key)}.${endingOf(bytes)}`;
  const here = await runtime();
  await here.makeFolder(path.slice(0, path.lastIndexOf('/')));
  await here.writeFileAtomic(path, bytes);
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
