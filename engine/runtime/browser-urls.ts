/** Files of a browser that are URLs, only for reading: what a model download has kept in Cache storage, else what the server says. */
import { blobSource } from './blob.ts';
import { placeOfUrl } from './blob-folder.ts';
import type { FileSource, FileStatus } from './types.ts';

/** Name of the Cache in which downloads are kept, under their URLs. */
export const DOWNLOADS = 'kosmos-webgpu';

export interface UrlFunctions {
  openFile(url: string): Promise<FileSource>;
  readFile(url: string): Promise<Uint8Array<ArrayBuffer>>;
  exists(url: string): Promise<boolean>;
  /** A URL that the server has nothing for is null; folders are not known to servers. */
  status(url: string): Promise<FileStatus | null>;
}

export function urlFiles(): UrlFunctions {
  const openFile = async (url: string) => blobSource(await (await fetched(url)).blob(), url);
  async function exists(url: string): Promise<boolean> {
    if ((await placeOfUrl(url)) === null) return false;
    if (url.startsWith('blob:') || (await kept(url))) return true;
    // a model that is kept is whole, so the network need not be there
    if (await kept(`${url.slice(0, url.lastIndexOf('/'))}/config.json`)) return false;
    return (await asked(url, { method: 'HEAD' })).ok;
  }
  return {
    openFile,
    readFile: async (url) => new Uint8Array(await (await fetched(url)).arrayBuffer()),
    exists,
    status: async (url) => ((await exists(url)) ? { kind: 'file', size: (await openFile(url)).size } : null),
  };
}

async function fetched(url: string): Promise<Response> {
  const place = await placeOfUrl(url);
  if (place === null) throw new Error(`Cannot read ${url}: the chosen folder has no such file`);
  const response = (await kept(url)) ?? (await asked(url, {}, place));
  if (!response.ok)
    throw new Error(`Cannot fetch ${url}: the server answers ${response.status} ${response.statusText}`.trimEnd());
  return response;
}

/** Cache storage is only there on secure pages, where alone there is WebGPU; and a private window may refuse it. */
async function kept(url: string): Promise<Response | undefined> {
  if (typeof caches === 'undefined' || !/^https?:/.test(url)) return undefined;
  return caches.match(url, { cacheName: DOWNLOADS }).catch(() => undefined);
}

async function asked(url: string, request: RequestInit, place = url): Promise<Response> {
  try {
    return await fetch(place, request);
  } catch (error) {
    throw new Error(`Cannot fetch ${url}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}
