/** Files of a hub model in a browser: fetched into Cache storage under their URLs, where the runtime finds them again. */
import { DOWNLOADS } from '../engine/runtime/index.ts';

export interface KeptFile {
  readonly url: string;
  /** Bytes. */
  readonly size: number;
}

export interface KeepOptions {
  readonly signal?: AbortSignal;
  /** Bytes of this file that have come. */
  onBytes(bytes: number): void;
}

/**
 * Makes sure that the file is kept; one that is needs no network. A download that ends early leaves nothing of its file.
 * @throws Error when the server refuses, sends another number of bytes, or the browser has no room left for this site
 */
export async function keepFile({ url, size }: KeptFile, { signal, onBytes }: KeepOptions): Promise<void> {
  const cache = await downloads();
  if (await cache.match(url)) return onBytes(size);
  const response = await fetch(url, { signal });
  if (!response.ok || !response.body) throw new Error(`${url}: the server answers ${response.status}`);
  let bytes = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      bytes += piece.length;
      onBytes(Math.min(bytes, size));
      controller.enqueue(piece);
    },
    flush() {
      if (bytes !== size) throw new Error(`${url}: the server sends ${bytes} bytes, but the hub lists ${size}`);
    },
  });
  try {
    await cache.put(
      url,
      new Response(response.body.pipeThrough(counter), { headers: { 'Content-Length': `${size}` } }),
    );
  } catch (error) {
    signal?.throwIfAborted();
    await cache.delete(url);
    if ((error as DOMException).name !== 'QuotaExceededError') throw error;
    throw new Error(
      `${url} (${size} bytes) does not fit into the storage that the browser gives this site: free some in the browser's settings for it, or load the model from a folder`,
      { cause: error },
    );
  }
}

/** A short text that was noted under `url`, or null. */
export async function keptNote(url: string): Promise<string | null> {
  const response = await (await downloads()).match(url);
  return response ? response.text() : null;
}

export async function keepNote(url: string, text: string): Promise<void> {
  await (await downloads()).put(url, new Response(text));
}

function downloads(): Promise<Cache> {
  if (typeof caches === 'undefined')
    throw new Error('This page has no Cache storage to keep a model in: open it through https:// or from localhost.');
  return caches.open(DOWNLOADS);
}
