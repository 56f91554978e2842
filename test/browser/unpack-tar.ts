/** Unpacks a tar archive on the disk. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tarEntries } from '../../data/corpora/readers/tar.ts';
import { runtime } from '../../engine/index.ts';

export async function unpackTar(archive: string, folder: string): Promise<void> {
  const file = await (await runtime()).openFile(archive);
  try {
    for await (const { name, start, size } of tarEntries(file, 0)) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, await file.read(start, size));
    }
  } finally {
    await file.close();
  }
}
