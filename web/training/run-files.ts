/** The folder of the run among the site's own files, as an archive and from one. */
import { tarEntries } from '../../data/corpora/readers/tar.ts';
import { runtime } from '../../engine/index.ts';
import { blobSource } from '../../engine/runtime/index.ts';
import { messageOf } from '../shared/dom.ts';
import type { RunFile } from './messages.ts';
import { encodeTar } from './tar.ts';

/** There is one. */
export const RUN = 'opfs:/training/run';
/** What the folder is called in an archive. */
const ARCHIVE_FOLDER = 'kosmos-run';

const STATE = 'training_state.json';

/** The whole run; the same files as `train.ts` writes. */
export async function archiveRun(): Promise<Blob> {
  const here = await runtime();
  const paths = await filesBelow(RUN);
  const files = await Promise.all(
    paths.map(async (path) => ({
      path: `${ARCHIVE_FOLDER}/${path}`,
      content: new Blob([await here.readFile(`${RUN}/${path}`)]),
    })),
  );
  return encodeTar(files, Math.floor(Date.now() / 1000));
}

async function filesBelow(folder: string, prefix = ''): Promise<string[]> {
  const entries = await (await runtime()).listFolder(folder);
  const paths = await Promise.all(
    entries.map(({ name, kind }) =>
      kind === 'file' ? [prefix + name] : filesBelow(`${folder}/${name}`, `${prefix}${name}/`),
    ),
  );
  return paths.flat();
}

/**
 * Puts the files of a run, or of one checkpoint, in the place of the run that is there, once all of them are written.
 * @throws Error when there is no checkpoint among them, or no room for both runs; the one that is there stays then
 */
export async function installRun(files: readonly RunFile[]): Promise<void> {
  const placed = inPlace(files);
  if (!placed)
    throw new Error(
      `there is no checkpoint in it (checkpoints/step-…/${STATE}): choose the folder or archive of a run`,
    );
  const here = await runtime();
  const beside = `${RUN}.partial`;
  await here.remove(beside);
  try {
    for (const { path, content } of placed) {
      const file = `${beside}/${path}`;
      await here.makeFolder(file.slice(0, file.lastIndexOf('/')));
      await here.writeFileAtomic(file, content.stream());
    }
  } catch (error) {
    await here.remove(beside);
    throw new Error(`the run could not be kept, and what was here stays as it was: ${messageOf(error)}`, {
      cause: error,
    });
  }
  await here.remove(RUN);
  await here.rename(beside, RUN);
}

/**
 * The files by their paths in a run's folder, which may be any of those that they lie in; checkpoints that were chosen by themselves belong among the others.
 * Null where there is no checkpoint.
 */
function inPlace(files: readonly RunFile[]): RunFile[] | null {
  const state = new RegExp(`^((?:[^/]+/)*?)(checkpoints/)?step-\\d{7}/${STATE}$`);
  const found = files.map(({ path }) => state.exec(path)).find((match) => match !== null);
  if (!found) return null;
  const [, folder, checkpoints] = found;
  const own = files.filter(({ path }) => path.startsWith(folder));
  return own.map(({ path, content }) => {
    const inner = path.slice(folder.length);
    return { path: checkpoints ? inner : `checkpoints/${inner}`, content };
  });
}

export async function filesOfArchive(archive: Blob): Promise<RunFile[]> {
  const files: RunFile[] = [];
  for await (const { name, start, size } of tarEntries(blobSource(archive, 'the archive'), 0))
    files.push({ path: name.replace(/^\.\//, ''), content: archive.slice(start, start + size) });
  return files;
}
