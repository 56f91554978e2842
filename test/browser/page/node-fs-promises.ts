/** `node:fs/promises`: files of the repository are read from the server, those below `opfs:/` are the site's own. */
import { runtime } from '../../../engine/runtime/index.ts';
import type { FileContent } from '../../../engine/runtime/types.ts';

export async function readFile(path: string, encoding?: string): Promise<string | Uint8Array> {
  const here = await runtime();
  return encoding ? here.readTextFile(path) : here.readFile(path);
}

export async function writeFile(path: string, content: FileContent): Promise<void> {
  await (await runtime()).writeFileAtomic(path, content);
}

export async function mkdtemp(prefix: string): Promise<string> {
  const folder = `${prefix}${crypto.randomUUID().slice(0, 8)}`;
  await mkdir(folder);
  return folder;
}

export async function mkdir(path: string): Promise<void> {
  await (await runtime()).makeFolder(path);
}

export async function rm(path: string): Promise<void> {
  await (await runtime()).remove(path);
}

export async function readdir(path: string): Promise<string[]> {
  return (await (await runtime()).listFolder(path)).map(({ name }) => name);
}

export async function stat(path: string): Promise<{ size: number; isDirectory(): boolean }> {
  const found = await (await runtime()).status(path);
  if (!found) throw new Error(`ENOENT: no such file, stat '${path}'`);
  return { size: found.size, isDirectory: () => found.kind === 'folder' };
}
