/**
 * The software driver that `@sparticuz/chromium` carries for a headless browser: SwiftShader and a Vulkan loader, in
 * `bin/swiftshader.tar.br`. It is unpacked once into the user's cache folder, and the two ways into a process are: the loader
 * is opened by its path, so that a later dlopen("libvulkan.so.1") finds it by name, and the environment names the driver.
 * Node and Deno.
 */
import type { FileFunctions } from './files.ts';

export interface SwiftShaderFiles {
  /** The Vulkan loader, `libvulkan.so.1`. */
  loader: string;
  /** The manifest that tells a Vulkan loader where the driver is. */
  manifest: string;
}

const CARRIER = '@sparticuz/chromium';
const LOADER = 'libvulkan.so.1';
const MANIFEST = 'vk_swiftshader_icd.json';
const FILES = [LOADER, 'libvk_swiftshader.so', MANIFEST];

/** What the Vulkan loader reads: the second name is the current one, the first its predecessor. */
export const DRIVER_VARIABLES = ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES'];

/** Paths of the unpacked driver. Throws, saying what to do, where it does not exist or cannot be unpacked. */
export async function swiftShaderFiles(files: FileFunctions): Promise<SwiftShaderFiles> {
  const { default: process } = await import('node:process');
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `The SwiftShader of ${CARRIER} is for Linux on x64, not for ${process.platform} on ${process.arch}.`,
    );
  }
  const archive = await findArchive(files);
  const { size } = (await files.status(archive))!;
  const folder = `${files.homeCacheFolder()}/kosmos-webgpu/swiftshader-${await carrierVersion(files, archive)}-${size}`;
  if (!(await isComplete(files, folder))) await unpack(files, archive, folder);
  return { loader: `${folder}/${LOADER}`, manifest: `${folder}/${MANIFEST}` };
}

/** Looked for beside this library and beside the program that runs; never imported, for it would bring a browser along. */
async function findArchive(files: FileFunctions): Promise<string> {
  const { createRequire } = await import('node:module');
  const { default: process } = await import('node:process');
  for (const from of [import.meta.url, `${process.cwd()}/package.json`]) {
    try {
      const entry = createRequire(from).resolve(CARRIER);
      const root = entry.slice(0, entry.lastIndexOf(CARRIER) + CARRIER.length);
      if (await files.exists(`${root}/bin/swiftshader.tar.br`)) return `${root}/bin/swiftshader.tar.br`;
    } catch {
      // Not installed here; the other place may have it.
    }
  }
  throw new Error(`The software driver SwiftShader is not installed: \`npm install ${CARRIER}\` brings it.`);
}

async function carrierVersion(files: FileFunctions, archive: string): Promise<string> {
  const { version } = JSON.parse(await files.readTextFile(archive.replace(/bin\/[^/]+$/, 'package.json')));
  return String(version).replace(/[^\w.-]/g, '_');
}

/** Whether every file has the size that was noted, after all of them, when the archive was unpacked. */
async function isComplete(files: FileFunctions, folder: string): Promise<boolean> {
  try {
    const sizes: Record<string, number> = JSON.parse(await files.readTextFile(`${folder}/sizes.json`));
    const found = await Promise.all(FILES.map((name) => files.status(`${folder}/${name}`)));
    return FILES.every((name, i) => found[i]?.size === sizes[name]);
  } catch {
    return false;
  }
}

async function unpack(files: FileFunctions, archive: string, folder: string): Promise<void> {
  const { brotliDecompressSync } = await import('node:zlib');
  const contents = untar(brotliDecompressSync(await files.readFile(archive)));
  const beside = `${folder}.${crypto.randomUUID().slice(0, 8)}`;
  const sizes: Record<string, number> = {};
  try {
    await files.makeFolder(beside);
    for (const name of FILES) {
      const bytes = contents.get(name);
      if (!bytes) throw new Error(`${archive} holds no ${name}: this version of ${CARRIER} is not known here.`);
      sizes[name] = bytes.length;
      await files.writeFileAtomic(`${beside}/${name}`, bytes);
    }
    await files.writeFileAtomic(`${beside}/sizes.json`, JSON.stringify(sizes));
    await moveInto(files, beside, folder);
  } catch (error) {
    await files.remove(beside).catch(() => {});
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot unpack SwiftShader into ${folder}: ${message}. XDG_CACHE_HOME may name another folder.`, {
      cause: error,
    });
  }
}

/** Puts the finished folder in place; two processes may do so at once, and a broken one from before must go. */
async function moveInto(files: FileFunctions, beside: string, folder: string): Promise<void> {
  try {
    await files.rename(beside, folder);
  } catch (error) {
    if (await isComplete(files, folder)) return files.remove(beside);
    if (!(await files.exists(folder))) throw error;
    await files.remove(folder);
    await files.rename(beside, folder);
  }
}

/** Regular files of a tar archive by base name: 512-byte headers, name at 0, octal size at 124, type at 156 (POSIX ustar). */
export function untar(archive: Uint8Array): Map<string, Uint8Array> {
  const contents = new Map<string, Uint8Array>();
  const text = (start: number, length: number) =>
    new TextDecoder().decode(archive.subarray(start, start + length)).replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12).trim() || '0', 8);
    const start = at + 512;
    if (!Number.isSafeInteger(size) || start + size > archive.length) {
      throw new Error(`broken tar archive: entry at ${at} claims ${size} bytes of ${archive.length - start}`);
    }
    const type = text(at + 156, 1);
    if (type === '0' || type === '') {
      contents.set(text(at, 100).split('/').pop()!, archive.subarray(start, start + size));
    }
    at = start + Math.ceil(size / 512) * 512;
  }
  return contents;
}
