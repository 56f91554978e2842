/** The file half of `Runtime` for Node and Deno, which both offer Node's own modules. */

import { checkRange } from './blob.ts';
import type { FileContent, FileSink, FileSource, Runtime, WorkerFunctions } from './types.ts';

export type FileFunctions = Omit<Runtime, 'name' | 'requestAdapter' | keyof WorkerFunctions>;

/** Reads and writes go in pieces of at most this size: one call of the system takes no more than 2 GiB. */
const LARGEST_PIECE = 1 << 30;

export async function nodeFiles(): Promise<FileFunctions> {
  const [fs, os, path] = await Promise.all([import('node:fs/promises'), import('node:os'), import('node:path')]);
  const { default: process } = await import('node:process');
  const { createHash } = await import('node:crypto');

  const environment = (name: string) => process.env[name] || undefined;

  async function openFile(file: string): Promise<FileSource> {
    const handle = await explained(`Cannot open ${file}`, fs.open(file, 'r'));
    const information = await handle.stat();
    if (!information.isFile()) {
      await handle.close();
      throw new Error(`Cannot open ${file}: it is not a file`);
    }
    const size = information.size;
    return {
      size,
      async read(offset, length) {
        checkRange(file, size, offset, length);
        const bytes = new Uint8Array(length);
        for (let done = 0; done < length; ) {
          const piece = Math.min(length - done, LARGEST_PIECE);
          const { bytesRead } = await explained(`Cannot read ${file}`, handle.read(bytes, done, piece, offset + done));
          if (bytesRead === 0) {
            throw new Error(`${file}: got ${done} of ${length} bytes at ${offset}: the file was cut while it was read`);
          }
          done += bytesRead;
        }
        return bytes;
      },
      close: () => handle.close(),
    };
  }

  async function openSink(file: string, options: { append?: boolean } = {}): Promise<FileSink> {
    const handle = await explained(`Cannot write ${file}`, fs.open(file, options.append ? 'a' : 'w'));
    // After a failed write there is nothing to make sure of, and the first error is the one to tell.
    let failed = false;
    return {
      async write(bytes) {
        for (let done = 0; done < bytes.length; ) {
          const piece = Math.min(bytes.length - done, LARGEST_PIECE);
          failed = true;
          const { bytesWritten } = await explained(`Cannot write ${file}`, handle.write(bytes, done, piece));
          failed = false;
          done += bytesWritten;
        }
      },
      async close() {
        try {
          if (!failed) await explained(`Cannot write ${file}`, handle.sync());
        } finally {
          await handle.close();
        }
      },
    };
  }

  async function writeFileAtomic(file: string, content: FileContent): Promise<void> {
    const beside = `${file}.${process.pid}-${crypto.randomUUID().slice(0, 8)}.tmp`;
    try {
      const sink = await openSink(beside);
      try {
        for await (const piece of pieces(content)) await sink.write(piece);
      } finally {
        await sink.close();
      }
      await explained(`Cannot write ${file}`, fs.rename(beside, file));
    } catch (error) {
      await fs.rm(beside, { force: true });
      throw error;
    }
  }

  async function status(file: string) {
    try {
      const information = await fs.stat(file);
      return { kind: information.isDirectory() ? ('folder' as const) : ('file' as const), size: information.size };
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return null;
      throw new Error(`Cannot look at ${file}: ${reason(error)}`, { cause: error });
    }
  }

  async function link(target: string, at: string): Promise<void> {
    try {
      await fs.symlink(target, at);
    } catch (error) {
      if (codeOf(error) !== 'EPERM') throw new Error(`Cannot link ${at}: ${reason(error)}`, { cause: error });
      // Windows lets only administrators and developers make links.
      await explained(`Cannot copy to ${at}`, fs.copyFile(path.resolve(path.dirname(at), target), at));
    }
  }

  return {
    openFile,
    openSink,
    writeFileAtomic,
    status,
    link,
    async readFile(file) {
      const source = await openFile(file);
      try {
        return await source.read(0, source.size);
      } finally {
        await source.close();
      }
    },
    readTextFile: (file) => explained(`Cannot read ${file}`, fs.readFile(file, 'utf8')),
    exists: async (file) => (await status(file)) !== null,
    async listFolder(folder) {
      const entries = await explained(`Cannot list ${folder}`, fs.readdir(folder, { withFileTypes: true }));
      const listed = await Promise.all(
        entries.map(async ({ name }) => ({ name, kind: (await status(path.join(folder, name)))?.kind })),
      );
      return listed
        .flatMap(({ name, kind }) => (kind ? [{ name, kind }] : []))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    makeFolder: async (folder) =>
      void (await explained(`Cannot make ${folder}`, fs.mkdir(folder, { recursive: true }))),
    rename: (from, to) => explained(`Cannot rename ${from} to ${to}`, fs.rename(from, to)),
    remove: (file) => explained(`Cannot remove ${file}`, fs.rm(file, { recursive: true, force: true })),
    contentHash(algorithm) {
      const hash = createHash(algorithm);
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('hex') };
    },
    homeFolder: () => os.homedir(),
    homeCacheFolder() {
      if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Caches');
      if (process.platform === 'win32') {
        return environment('LOCALAPPDATA') ?? path.join(os.homedir(), 'AppData', 'Local');
      }
      return environment('XDG_CACHE_HOME') ?? path.join(os.homedir(), '.cache');
    },
    environment,
  };
}

async function* pieces(content: FileContent): AsyncGenerator<Uint8Array> {
  if (typeof content === 'string') yield new TextEncoder().encode(content);
  else if (content instanceof Uint8Array) yield content;
  else yield* content;
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? '';
}

/** Words for the system's error codes that people meet; the rest speaks for itself. */
function reason(error: unknown): string {
  const words: Record<string, string> = {
    ENOENT: 'no such file or folder',
    ENOTDIR: 'a part of the path is a file, not a folder',
    EISDIR: 'it is a folder',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
    EMFILE: 'too many open files',
  };
  return words[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
}

/** Gives the error of a system call a sentence that names the path. */
async function explained<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw new Error(`${what}: ${reason(error)}`, { cause: error });
  }
}
