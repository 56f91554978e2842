/** One file over HTTP into one place, resumed where it was cut, and checked against its size and hash. */
import type { ContentHash, Runtime } from '../engine/runtime/index.ts';

export interface RemoteFile {
  url: string;
  /** Bytes. */
  size: number;
  /** sha256 of the content, or the sha1 of git: of `blob <size>\0` and the content. */
  hash: string;
}

export interface DownloadOptions {
  headers: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Bytes of this file that are there, called after each piece. */
  onBytes(bytes: number): void;
  /** How often a cut connection is taken up again without a byte of progress. */
  attempts: number;
  /** Milliseconds before the first new attempt; doubled before each following one. */
  retryDelay: number;
  /** Milliseconds without a byte after which a connection counts as cut. */
  stallTimeout: number;
}

/** A failure that another attempt may mend: a cut or refused connection, a server that is overloaded. */
class Interruption extends Error {}

/** An answer that no attempt will change; `status` is the HTTP status. */
export class RefusedDownload extends Error {
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/**
 * Downloads into `<path>.incomplete` and renames it to `path` when size and hash are right. Whatever ends it early leaves the
 * partial file, from which the next call goes on. Two processes that download one file at once spoil each other's partial
 * file; the hash tells, and the file is fetched anew.
 */
export async function downloadFile(
  here: Runtime,
  file: RemoteFile,
  path: string,
  options: DownloadOptions,
): Promise<void> {
  const partial = `${path}.incomplete`;
  const resumed = ((await here.status(partial))?.size ?? 0) > 0;
  if (await fetchAndCheck(here, file, partial, options)) return here.rename(partial, path);
  await here.remove(partial);
  // The part that was there may have been at fault; a file fetched from its start was not spoilt on this side.
  if (resumed && (await fetchAndCheck(here, file, partial, options))) return here.rename(partial, path);
  await here.remove(partial);
  throw new Error(`${file.url}: the content does not have the hash ${file.hash} that the hub lists for it`);
}

/** Completes the partial file, over as many connections as it takes, and says whether its hash is right. */
async function fetchAndCheck(
  here: Runtime,
  file: RemoteFile,
  partial: string,
  options: DownloadOptions,
): Promise<boolean> {
  const progress = { hash: startHash(here, file), bytes: 0 };
  await readPartial(here, file, partial, progress);
  options.onBytes(progress.bytes);
  for (let attempt = 0; progress.bytes < file.size; ) {
    const before = progress.bytes;
    try {
      await fetchRest(here, file, partial, progress, options);
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
      attempt = progress.bytes > before ? 1 : attempt + 1;
      if (attempt >= options.attempts) {
        const kept = `${progress.bytes} of ${file.size} bytes are here, and the next call goes on from there`;
        throw new Error(`${file.url}: ${error.message}; ${kept}`, { cause: error });
      }
      await pause(options.retryDelay * 2 ** (attempt - 1), options.signal);
    }
  }
  if (file.size === 0) await (await here.openSink(partial)).close();
  return progress.hash.digest() === file.hash;
}

interface Progress {
  hash: ContentHash;
  bytes: number;
}

function startHash(here: Runtime, file: RemoteFile): ContentHash {
  if (file.hash.length === 64) return here.contentHash('sha256');
  const hash = here.contentHash('sha1');
  hash.update(new TextEncoder().encode(`blob ${file.size}\0`));
  return hash;
}

async function readPartial(here: Runtime, file: RemoteFile, partial: string, progress: Progress): Promise<void> {
  const size = (await here.status(partial))?.size ?? 0;
  if (size === 0) return;
  if (size > file.size) return here.remove(partial);
  const source = await here.openFile(partial);
  try {
    while (progress.bytes < size) {
      const piece = await source.read(progress.bytes, Math.min(1 << 22, size - progress.bytes));
      progress.hash.update(piece);
      progress.bytes += piece.length;
    }
  } finally {
    await source.close();
  }
}

/** One connection: asks for what is missing and appends what comes. Throws `Interruption` where asking again may help. */
async function fetchRest(
  here: Runtime,
  file: RemoteFile,
  partial: string,
  progress: Progress,
  options: DownloadOptions,
): Promise<void> {
  const watch = watchConnection(options);
  try {
    const response = await ask(file, progress.bytes, options.headers, watch);
    if (response.status === 200 && progress.bytes > 0) {
      // This server knows no ranges: it sends the file from its start.
      progress.hash = startHash(here, file);
      progress.bytes = 0;
    }
    const sink = await here.openSink(partial, { append: progress.bytes > 0 });
    try {
      for await (const piece of bodyOf(response, watch)) {
        if (progress.bytes + piece.length > file.size) throw wrongSize(file, 'more');
        await sink.write(piece);
        progress.hash.update(piece);
        progress.bytes += piece.length;
        options.onBytes(progress.bytes);
      }
    } finally {
      await sink.close();
    }
    if (progress.bytes < file.size) {
      throw new Interruption(`the connection ended after ${progress.bytes} of ${file.size} bytes`);
    }
  } finally {
    watch.stop();
  }
}

async function ask(file: RemoteFile, from: number, headers: Record<string, string>, watch: Watch): Promise<Response> {
  const wanted = from > 0 ? { ...headers, Range: `bytes=${from}-` } : headers;
  const response = await watch.guard(fetch(file.url, { headers: wanted, signal: watch.signal }));
  const refuse = async (error: Error) => {
    await response.body?.cancel();
    return error;
  };
  if (response.status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('Content-Range') ?? '');
    if (Number(range?.[1]) !== from) {
      throw await refuse(new Error(`${file.url}: the server answers a request from byte ${from} with another range`));
    }
    if (range![2] !== '*' && Number(range![2]) !== file.size) throw await refuse(wrongSize(file, range![2]!));
    return response;
  }
  if (response.status === 200) {
    const length = response.headers.get('Content-Length');
    const isEncoded = (response.headers.get('Content-Encoding') ?? 'identity') !== 'identity';
    if (length !== null && !isEncoded && Number(length) !== file.size) throw await refuse(wrongSize(file, length));
    return response;
  }
  if (response.status === 416) {
    // The file there ends before the byte that was asked for, of which the hub's list says that it exists.
    const total = /^bytes \*\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '')?.[1];
    throw await refuse(wrongSize(file, total ?? 'fewer'));
  }
  if (response.status === 429 || response.status >= 500) {
    throw await refuse(new Interruption(`the server answers ${response.status} ${response.statusText}`));
  }
  throw await refuse(
    new RefusedDownload(`${file.url}: the server answers ${response.status} ${response.statusText}`, response.status),
  );
}

function wrongSize(file: RemoteFile, found: string): Error {
  return new Error(`${file.url}: the server sends ${found} bytes, but the hub lists ${file.size}`);
}

interface Watch {
  signal: AbortSignal;
  /** Awaits a step of the connection; turns its failures, and silence, into `Interruption`, and the caller's abort into that. */
  guard<T>(step: Promise<T>): Promise<T>;
  stop(): void;
}

function watchConnection({ signal, stallTimeout }: DownloadOptions): Watch {
  const controller = new AbortController();
  const forward = () => controller.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', forward);
  return {
    signal: controller.signal,
    async guard(step) {
      let stalled = false;
      const timer = setTimeout(() => {
        stalled = true;
        controller.abort();
      }, stallTimeout);
      try {
        return await step;
      } catch (error) {
        signal?.throwIfAborted();
        if (stalled) throw new Interruption(`nothing came for ${stallTimeout / 1000} s`, { cause: error });
        throw new Interruption(networkReason(error), { cause: error });
      } finally {
        clearTimeout(timer);
      }
    },
    stop: () => signal?.removeEventListener('abort', forward),
  };
}

async function* bodyOf(response: Response, watch: Watch): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await watch.guard(reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** What the system said, which fetch hides behind "fetch failed". */
export function networkReason(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause !== undefined) deepest = deepest.cause;
  if (!(deepest instanceof Error)) return String(deepest);
  return deepest.message || (deepest as { code?: string }).code || deepest.name;
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
