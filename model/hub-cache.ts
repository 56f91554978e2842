/**
 * The cache folder that the tools of the Hugging Face ecosystem share: `models--owner--name/` with `blobs/` (contents under
 * their hash), `snapshots/<commit>/` (links to blobs under the files' names) and `refs/<revision>` (which commit a branch was).
 * https://huggingface.co/docs/huggingface_hub/guides/manage-cache
 */
import type { Runtime } from '../engine/runtime/index.ts';

export interface ModelCache {
  blob(hash: string): string;
  snapshot(commit: string): string;
  /** The commit that `revision` was when it was last complete here, or null. */
  commitOf(revision: string): Promise<string | null>;
  remember(revision: string, commit: string): Promise<void>;
  /** Makes the blob of `hash` appear as `file` of the snapshot. */
  publish(commit: string, file: string, hash: string): Promise<void>;
}

export const COMMIT = /^[0-9a-f]{40}$/;

export const WEIGHTS = 'model.safetensors';
export const WEIGHTS_INDEX = 'model.safetensors.index.json';

export function modelCache(here: Runtime, id: string): ModelCache {
  const root = `${cacheRoot(here)}/models--${id.replace('/', '--')}`;
  const snapshot = (commit: string) => `${root}/snapshots/${commit}`;
  return {
    blob: (hash) => `${root}/blobs/${hash}`,
    snapshot,
    async commitOf(revision) {
      if (COMMIT.test(revision)) return revision;
      const ref = `${root}/refs/${revision}`;
      const commit = (await here.exists(ref)) ? (await here.readTextFile(ref)).trim() : '';
      return COMMIT.test(commit) ? commit : null;
    },
    async remember(revision, commit) {
      if (revision === commit) return;
      const ref = `${root}/refs/${revision}`;
      await here.makeFolder(ref.slice(0, ref.lastIndexOf('/')));
      await here.writeFileAtomic(ref, commit);
    },
    async publish(commit, file, hash) {
      await here.makeFolder(snapshot(commit));
      const at = `${snapshot(commit)}/${file}`;
      if (await here.exists(at)) return;
      await here.remove(at);
      await here.link(`../../blobs/${hash}`, at);
    },
  };
}

/** As the ecosystem's own tools choose it. */
function cacheRoot(here: Runtime): string {
  const direct = here.environment('HF_HUB_CACHE') ?? here.environment('HUGGINGFACE_HUB_CACHE');
  if (direct) return direct;
  const caches = here.environment('XDG_CACHE_HOME') ?? `${here.homeFolder()}/.cache`;
  return `${here.environment('HF_HOME') ?? `${caches}/huggingface`}/hub`;
}

/**
 * Whether a snapshot holds a configuration and all weights. A file appears in a snapshot only when its blob is complete, and
 * weights come last, so what is there is whole.
 */
export async function isComplete(here: Runtime, snapshot: string): Promise<boolean> {
  if (!(await here.exists(`${snapshot}/config.json`))) return false;
  if (await here.exists(`${snapshot}/${WEIGHTS}`)) return true;
  if (!(await here.exists(`${snapshot}/${WEIGHTS_INDEX}`))) return false;
  const shards = shardsOf(`${snapshot}/${WEIGHTS_INDEX}`, await here.readTextFile(`${snapshot}/${WEIGHTS_INDEX}`));
  const present = await Promise.all(shards.map((shard) => here.exists(`${snapshot}/${shard}`)));
  return present.every(Boolean);
}

/** File names of the shards that an index names. */
export function shardsOf(index: string, text: string): string[] {
  let places: unknown;
  try {
    places = (JSON.parse(text) as { weight_map?: unknown } | null)?.weight_map;
  } catch (error) {
    throw new Error(`${index} is not JSON: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  const files = typeof places === 'object' && places !== null ? [...new Set(Object.values(places))] : [];
  for (const file of files) {
    if (typeof file !== 'string' || !/^[^/\\]+\.safetensors$/.test(file)) {
      throw new Error(`${index} names ${JSON.stringify(file)}, which is not a .safetensors file of its folder`);
    }
  }
  if (files.length === 0) throw new Error(`${index} names no file of weights`);
  return files as string[];
}
