/**
 * Files of a browser that can be written: those of the origin private file system, which belong to the site and are seen by nobody else.
 * Their paths begin with `opfs:/`.
 */
import { blobSource } from './blob.ts';
import type { FileFunctions } from './files.ts';
import type { FileContent } from './types.ts';

export const PRIVATE_FILES = 'opfs:/';

type PrivateFunctions = Omit<
  FileFunctions,
  'link' | 'contentHash' | 'homeFolder' | 'homeCacheFolder' | 'environment' | 'readTextFile'
>;

/** Within the origin's own files a file can be moved, which the types do not know yet. */
type MovableFile = FileSystemFileHandle & { move(folder: FileSystemDirectoryHandle, name: string): Promise<void> };

export function privateFiles(): PrivateFunctions {
  return {
    openFile: async (path) => blobSource(await fileAt(path, 'open'), path),
    readFile: async (path) => new Uint8Array(await (await fileAt(path, 'read')).arrayBuffer()),
    writeFileAtomic,
    openSink,
    async status(path) {
      const found = await find(path);
      if (!found) return null;
      return found.kind === 'file'
        ? { kind: 'file', size: (await (found as FileSystemFileHandle).getFile()).size }
        : { kind: 'folder', size: 0 };
    },
    exists: async (path) => (await find(path)) !== null,
    async listFolder(path) {
      const folder = await explained(`Cannot list ${path}`, folderAt(namesOf(path)));
      return (await entriesOf(folder))
        .map(({ name, kind }) => ({ name, kind: kind === 'file' ? ('file' as const) : ('folder' as const) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    makeFolder: async (path) => void (await explained(`Cannot make ${path}`, folderAt(namesOf(path), true))),
    rename: (from, to) => explained(`Cannot rename ${from} to ${to}`, move(from, to)),
    remove,
  };
}

async function writeFileAtomic(path: string, content: FileContent): Promise<void> {
  const beside = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    const sink = await openWritable(beside, false);
    try {
      const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
      for await (const piece of pieces) await explained(`Cannot write ${path}`, sink.write(piece as BlobPart));
    } catch (error) {
      await sink.abort().catch(() => undefined);
      throw error;
    }
    await explained(`Cannot write ${path}`, sink.close());
    await explained(`Cannot write ${path}`, move(beside, path));
  } catch (error) {
    await remove(beside);
    throw error;
  }
}

async function remove(path: string): Promise<void> {
  const names = namesOf(path);
  if (!(await find(path))) return;
  const parent = await folderAt(names.slice(0, -1));
  await explained(`Cannot remove ${path}`, parent.removeEntry(names.at(-1)!, { recursive: true }));
}

/** Each write is there for readers when it resolves; it costs a copy of what was there before, so large files are for `writeFileAtomic`. */
async function openSink(path: string, options: { append?: boolean } = {}) {
  await (await openWritable(path, options.append ?? false)).close();
  return {
    write: (bytes: Uint8Array) =>
      explained(`Cannot write ${path}`, async () => {
        const sink = await openWritable(path, true);
        await sink.write(bytes as Uint8Array<ArrayBuffer>);
        await sink.close();
      }),
    close: async () => undefined,
  };
}

function openWritable(path: string, append: boolean): Promise<FileSystemWritableFileStream> {
  return explained(`Cannot write ${path}`, async () => {
    const names = namesOf(path);
    const folder = await folderAt(names.slice(0, -1));
    const file = await folder.getFileHandle(names.at(-1)!, { create: true });
    const sink = await file.createWritable({ keepExistingData: append });
    if (append) await sink.seek((await file.getFile()).size);
    return sink;
  });
}

function fileAt(path: string, verb: 'open' | 'read'): Promise<File> {
  return explained(`Cannot ${verb} ${path}`, async () => {
    const names = namesOf(path);
    const folder = await folderAt(names.slice(0, -1));
    return (await folder.getFileHandle(names.at(-1)!)).getFile();
  });
}

/** Folders cannot be moved, so their files are, one after another; what reads meanwhile sees a part. */
async function move(from: string, to: string): Promise<void> {
  const source = await find(from);
  if (!source) throw new Error('no such file or folder');
  const names = namesOf(to);
  const parent = await folderAt(names.slice(0, -1));
  if (source.kind === 'file') return (source as MovableFile).move(parent, names.at(-1)!);
  await parent.getDirectoryHandle(names.at(-1)!, { create: true });
  for (const { name } of await entriesOf(source as FileSystemDirectoryHandle)) {
    await move(`${from}/${name}`, `${to}/${name}`);
  }
  const own = namesOf(from);
  await (await folderAt(own.slice(0, -1))).removeEntry(own.at(-1)!);
}

async function entriesOf(folder: FileSystemDirectoryHandle): Promise<FileSystemHandle[]> {
  const entries: FileSystemHandle[] = [];
  for await (const entry of folder.values()) entries.push(entry);
  return entries;
}

async function find(path: string): Promise<FileSystemHandle | null> {
  const names = namesOf(path);
  const name = names.pop();
  try {
    const folder = await folderAt(names);
    if (name === undefined) return folder;
    return await folder.getFileHandle(name).catch((error: DOMException) => {
      if (error.name === 'TypeMismatchError') return folder.getDirectoryHandle(name);
      throw error;
    });
  } catch (error) {
    if (['NotFoundError', 'TypeMismatchError'].includes((error as DOMException).name)) return null;
    throw new Error(`Cannot look at ${path}: ${reason(error)}`, { cause: error });
  }
}

async function folderAt(names: readonly string[], create = false): Promise<FileSystemDirectoryHandle> {
  let folder = await navigator.storage.getDirectory();
  for (const name of names) folder = await folder.getDirectoryHandle(name, { create });
  return folder;
}

function namesOf(path: string): string[] {
  return path.slice(PRIVATE_FILES.length).split('/').filter(Boolean);
}

/** Words for the errors that people meet; the rest speaks for itself. */
function reason(error: unknown): string {
  const words: Record<string, string> = {
    NotFoundError: 'no such file or folder',
    TypeMismatchError: 'it is a folder, or a part of the path is a file',
    QuotaExceededError:
      "the storage that the browser gives this site is full; free some in the browser's settings for it",
    SecurityError: 'this window may store nothing (a private one, or storage is turned off)',
    NoModificationAllowedError: 'another tab writes to it',
  };
  const { name, message } = error as DOMException;
  return words[name] ?? message ?? String(error);
}

async function explained<T>(what: string, work: Promise<T> | (() => Promise<T>)): Promise<T> {
  try {
    return await (typeof work === 'function' ? work() : work);
  } catch (error) {
    throw new Error(`${what}: ${reason(error)}`, { cause: error });
  }
}
