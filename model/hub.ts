/** Finds the folder of a checkpoint: one on this disk, or a model of the Hugging Face hub, downloaded into the shared cache. */
import { type Runtime, runtime } from '../engine/runtime/index.ts';
import { keepFile, keepNote, keptNote } from './hub-browser.ts';
import { COMMIT, isComplete, type ModelCache, modelCache, shardsOf, WEIGHTS, WEIGHTS_INDEX } from './hub-cache.ts';
import { type DownloadOptions, downloadFile, networkReason, RefusedDownload } from './hub-download.ts';

export interface HubProgress {
  /** The file at work. */
  file: string;
  /** Bytes of all wanted files that are on the disk, and of all of them together. */
  bytes: number;
  totalBytes: number;
}

export interface ResolveOptions {
  /** Branch, tag or commit; default `main`. */
  revision?: string;
  onProgress?: (progress: HubProgress) => void;
  /** Stops a download; what has come stays for the next call to go on from. */
  signal?: AbortSignal;
  /** How a failing connection is treated: see `DownloadOptions`. Defaults: 5 attempts, from 1 s apart, 60 s of silence. */
  retry?: Partial<Pick<DownloadOptions, 'attempts' | 'retryDelay' | 'stallTimeout'>>;
}

interface HubFile {
  path: string;
  size: number;
  hash: string;
}

interface Hub {
  id: string;
  revision: string;
  endpoint: string;
  options: ResolveOptions;
  headers: Record<string, string>;
}

/** What a checkpoint consists of besides its weights. */
const SMALL_FILES =
  /^((generation_|preprocessor_|processor_|tokenizer_)?config|tokenizer|special_tokens_map|added_tokens)\.json$|^sentencepiece[\w.]*\.model$/;

/** More entries than any model's top folder has; a server may not fill the memory. */
const MOST_FILES = 10_000;

/** The hub could not be asked; a complete copy in the cache may do. */
class HubUnreachable extends Error {}

/**
 * Path of the folder that holds `config.json` and the weights. An existing folder is taken as it is; `owner/name` is a model of
 * the hub, of which configuration, tokenizer and safetensors are fetched into the ecosystem's cache (`HF_HUB_CACHE`, `HF_HOME`),
 * from `HF_ENDPOINT` and with `HF_TOKEN` where these are set. A cut download goes on where it stopped; without a network, or
 * with `HF_HUB_OFFLINE=1`, a complete copy in the cache is enough. Throws with what to do when the model is not there, may not
 * be read, or cannot be fetched. In a browser a folder is a URL below which the files are, and models of the hub are kept in Cache storage.
 */
export async function resolveModelFolder(folderOrHubId: string, options: ResolveOptions = {}): Promise<string> {
  const here = await runtime();
  const revision = options.revision ?? 'main';
  const isBrowser = here.name === 'browser';
  if (isBrowser && !isHubId(folderOrHubId)) return folderOrHubId.replace(/\/+$/, '');
  const found = isBrowser ? null : await here.status(folderOrHubId);
  if (found?.kind === 'folder') return folderOrHubId;
  if (found) throw new Error(`${folderOrHubId} is a file: name the folder that holds config.json and ${WEIGHTS}`);
  if (!isHubId(folderOrHubId)) {
    throw new Error(
      `There is no folder ${folderOrHubId}, and it is no model of the hub either (those are called owner/name)`,
    );
  }
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(revision) || /(^|\/)\.{1,2}(\/|$)/.test(revision)) {
    throw new Error(
      `${JSON.stringify(revision)} cannot be a revision: branches, tags and commits are letters, digits and . _ - /`,
    );
  }
  const hub = { id: folderOrHubId, revision, endpoint: endpointOf(here), options, headers: headersOf(here) };
  return isBrowser ? resolveInBrowser(hub) : resolveHubModel(here, hub, modelCache(here, folderOrHubId));
}

function isHubId(name: string): boolean {
  return /^\w[\w.-]*\/\w[\w.-]*$/.test(name) && !name.includes('..') && !name.includes('--');
}

function endpointOf(here: Runtime): string {
  return (here.environment('HF_ENDPOINT') ?? 'https://huggingface.co').replace(/\/+$/, '');
}

function headersOf(here: Runtime): Record<string, string> {
  const token = here.environment('HF_TOKEN');
  return { 'Accept-Encoding': 'identity', ...(token ? { Authorization: `Bearer ${token}` } : {}) };
}

async function resolveHubModel(here: Runtime, hub: Hub, cache: ModelCache): Promise<string> {
  const cached = await cache.commitOf(hub.revision);
  const isCached = cached !== null && (await isComplete(here, cache.snapshot(cached)));
  // A commit never changes, so there is nothing to ask.
  if (isCached && cached === hub.revision) return cache.snapshot(cached);
  if (['1', 'on', 'yes', 'true'].includes(here.environment('HF_HUB_OFFLINE')?.toLowerCase() ?? '')) {
    if (isCached) return cache.snapshot(cached);
    throw new Error(`${hub.id} is not in the cache as a whole, and HF_HUB_OFFLINE forbids asking ${hub.endpoint}`);
  }
  let listing: { commit: string; files: Map<string, HubFile> };
  try {
    listing = await listModel(hub);
  } catch (error) {
    if (!(error instanceof HubUnreachable)) throw error;
    if (isCached) return cache.snapshot(cached);
    throw new Error(`${error.message}, and ${hub.id} is not in the cache as a whole`, { cause: error });
  }
  await fetchModel(here, hub, cache, listing.commit, listing.files);
  await cache.remember(hub.revision, listing.commit);
  return cache.snapshot(listing.commit);
}

/** As `resolveHubModel`, with Cache storage as the cache; which commit a revision was is noted once all of its files are kept. */
async function resolveInBrowser(hub: Hub): Promise<string> {
  const note = `${hub.endpoint}/api/models/${hub.id}/revision/${encodeURIComponent(hub.revision)}`;
  const folder = (commit: string) => `${hub.endpoint}/${hub.id}/resolve/${commit}`;
  let listing: Awaited<ReturnType<typeof listModel>>;
  try {
    listing = await listModel(hub);
  } catch (error) {
    const kept = error instanceof HubUnreachable ? await keptNote(note) : null;
    if (kept) return folder(kept);
    throw error;
  }
  const { commit, files } = listing;
  const { onProgress, signal } = hub.options;
  const urlOf = (path: string) => `${folder(commit)}/${encodeURIComponent(path)}`;
  const wanted = await wantedFiles(hub, files, async ({ path, size }) => {
    await keepFile({ url: urlOf(path), size }, { signal, onBytes: () => undefined });
    return (await keptNote(urlOf(path)))!;
  });
  const totalBytes = wanted.reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  for (const { path, size } of wanted) {
    const report = (bytes: number) => onProgress?.({ file: path, bytes: before + bytes, totalBytes });
    await keepFile({ url: urlOf(path), size }, { signal, onBytes: report });
    before += size;
  }
  await keepNote(note, commit);
  return folder(commit);
}

/** Asks the hub for the commit behind the revision and for the files in its top folder. */
async function listModel(hub: Hub): Promise<{ commit: string; files: Map<string, HubFile> }> {
  const { HubApiError, listFiles, modelInfo } = await import('@huggingface/hub');
  const hubFetch: typeof fetch = async (url, request) => {
    const timeout = AbortSignal.timeout(hub.options.retry?.stallTimeout ?? 60_000);
    const signal = hub.options.signal ? AbortSignal.any([hub.options.signal, timeout]) : timeout;
    const headers = { ...(request?.headers as Record<string, string>), ...hub.headers };
    try {
      return await fetch(url, { ...request, headers, signal });
    } catch (error) {
      throw new HubUnreachable(`Cannot reach ${hub.endpoint} (${networkReason(error)})`, { cause: error });
    }
  };
  try {
    const common = { hubUrl: hub.endpoint, fetch: hubFetch };
    const { sha } = await modelInfo({ ...common, name: hub.id, revision: hub.revision, additionalFields: ['sha'] });
    if (!COMMIT.test(sha)) throw new Error(`${JSON.stringify(sha)} is no commit`);
    const files = new Map<string, HubFile>();
    for await (const entry of listFiles({ ...common, repo: { type: 'model', name: hub.id }, revision: sha })) {
      const hash = entry.lfs?.oid ?? entry.oid ?? '';
      if (entry.type !== 'file' || !/^[^/\\]+$/.test(entry.path)) continue;
      files.set(entry.path, { path: entry.path, size: entry.lfs?.size ?? entry.size, hash });
      if (files.size > MOST_FILES) throw new Error(`more than ${MOST_FILES} files are listed`);
    }
    return { commit: sha, files };
  } catch (error) {
    hub.options.signal?.throwIfAborted();
    if (error instanceof HubUnreachable) throw error;
    if (error instanceof HubApiError) throw refusal(hub, error.statusCode, error);
    // Cut off in the middle, or from something that is no hub: a page of a hotel's network, say.
    throw new HubUnreachable(`Cannot use the answer of ${hub.endpoint} about ${hub.id} (${networkReason(error)})`, {
      cause: error,
    });
  }
}

/** What an HTTP status means for a person. */
function refusal(hub: Hub, status: number, cause: Error): Error {
  const model = `${hub.id} at ${hub.endpoint}`;
  const hasToken = 'Authorization' in hub.headers;
  if (status === 401) {
    return new Error(
      hasToken
        ? `${model} may not be read with the token in HF_TOKEN (401): it may have expired, or the model does not exist`
        : `${model} does not exist, or is private (401): check the name, or set HF_TOKEN to a token that may read it`,
      { cause },
    );
  }
  if (status === 403) {
    const advice = hasToken
      ? 'with the account of the token in HF_TOKEN'
      : 'and set HF_TOKEN to a token of that account';
    return new Error(`${model} is gated (403): accept its conditions at ${hub.endpoint}/${hub.id}, ${advice}`, {
      cause,
    });
  }
  if (status === 404) {
    return new Error(`There is no model ${model} with a revision ${hub.revision} (404): check the name`, { cause });
  }
  if (status === 429 || status >= 500) return new HubUnreachable(`${hub.endpoint} answers ${status}`, { cause });
  return new Error(`${hub.endpoint} answers ${status} when asked for ${hub.id}`, { cause });
}

/** Fetches what is missing, small files first; weights appear in the snapshot last, which is what makes it complete. */
async function fetchModel(
  here: Runtime,
  hub: Hub,
  cache: ModelCache,
  commit: string,
  files: Map<string, HubFile>,
): Promise<void> {
  const wanted = await wantedFiles(hub, files, async (index) => {
    await fetchFiles(here, hub, cache, commit, [index]);
    return here.readTextFile(`${cache.snapshot(commit)}/${index.path}`);
  });
  await fetchFiles(here, hub, cache, commit, wanted);
}

/** The files that a model consists of, weights last. `fetchText` gets the index where the weights are in several files. */
async function wantedFiles(
  hub: Hub,
  files: Map<string, HubFile>,
  fetchText: (index: HubFile) => Promise<string>,
): Promise<HubFile[]> {
  if (!files.has('config.json')) throw new Error(`${hub.id} is not a model checkpoint: it has no config.json`);
  if (!files.has(WEIGHTS) && !files.has(WEIGHTS_INDEX)) {
    const others = [...files.keys()].filter((name) => /\.(bin|pth?|ckpt|h5|msgpack|gguf)$/.test(name));
    throw new Error(
      `${hub.id} has no ${WEIGHTS}${others.length > 0 ? ` (only ${others.join(', ')}, which is not read here)` : ''}`,
    );
  }
  const wanted = [...files.values()].filter(({ path }) => SMALL_FILES.test(path));
  if (files.has(WEIGHTS)) return [...wanted, files.get(WEIGHTS)!];
  const index = files.get(WEIGHTS_INDEX)!;
  for (const shard of shardsOf(`${WEIGHTS_INDEX} of ${hub.id}`, await fetchText(index))) {
    if (!files.has(shard)) throw new Error(`${WEIGHTS_INDEX} of ${hub.id} names ${shard}, which the hub does not have`);
    wanted.push(files.get(shard)!);
  }
  return wanted;
}

async function fetchFiles(here: Runtime, hub: Hub, cache: ModelCache, commit: string, files: HubFile[]): Promise<void> {
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  for (const { path, size, hash } of files) {
    if (!Number.isSafeInteger(size) || size < 0 || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash)) {
      throw new Error(
        `${hub.endpoint} lists ${path} of ${hub.id} with the size ${size} and the hash ${JSON.stringify(hash)}`,
      );
    }
    const report = (bytes: number) => hub.options.onProgress?.({ file: path, bytes: before + bytes, totalBytes });
    const blob = cache.blob(hash);
    if ((await here.status(blob))?.size !== size) {
      await here.makeFolder(blob.slice(0, blob.lastIndexOf('/')));
      const url = `${hub.endpoint}/${hub.id}/resolve/${commit}/${encodeURIComponent(path)}`;
      await fetchBlob(here, hub, { url, size, hash }, blob, report);
    }
    await cache.publish(commit, path, hash);
    report(size);
    before += size;
  }
}

async function fetchBlob(
  here: Runtime,
  hub: Hub,
  file: { url: string; size: number; hash: string },
  blob: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const { signal, retry } = hub.options;
  const patience = { attempts: 5, retryDelay: 1000, stallTimeout: 60_000, ...retry };
  try {
    await downloadFile(here, file, blob, { headers: hub.headers, signal, onBytes, ...patience });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof RefusedDownload && error.status !== 404) throw refusal(hub, error.status, error);
    throw error;
  }
}
