/** The weights of a checkpoint folder in the Hugging Face layout: one file, or several with an index. */
import { type Runtime, runtime } from '../runtime/index.ts';
import type { TensorRecord } from './header.ts';
import { openSafetensorsFile, type SafetensorsFile, type TensorReader } from './read.ts';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/**
 * Opens `model.safetensors`, or else the shards that `model.safetensors.index.json` names, as one set of tensors. Each shard
 * is validated whole; the index decides which tensors there are. Throws when files are missing, when the index is not what it
 * should be, and when a shard lacks a tensor that the index puts there.
 */
export async function openCheckpointFiles(folder: string): Promise<TensorReader> {
  const here = await runtime();
  const base = folder.replace(/\/+$/, '');
  if (await here.exists(`${base}/${SINGLE}`)) return openSafetensorsFile(`${base}/${SINGLE}`);
  if (await here.exists(`${base}/${INDEX}`)) return openShards(here, base);
  throw await nothingFound(here, folder);
}

async function openShards(here: Runtime, folder: string): Promise<TensorReader> {
  const index = `${folder}/${INDEX}`;
  const placeOf = parseIndex(index, await here.readTextFile(index));
  const shards = new Map<string, SafetensorsFile>();
  const close = async () => {
    await Promise.all([...shards.values()].map((shard) => shard.close()));
  };
  try {
    for (const shard of new Set(placeOf.values())) {
      if (!(await here.exists(`${folder}/${shard}`))) throw new Error(`${index} names ${shard}, which is not there`);
      shards.set(shard, await openSafetensorsFile(`${folder}/${shard}`));
    }
    const tensors = new Map<string, TensorRecord>();
    for (const [name, shard] of placeOf) {
      const record = shards.get(shard)!.tensors.get(name);
      if (!record)
        throw new Error(`${index} puts tensor ${JSON.stringify(name)} into ${shard}, which does not hold it`);
      tensors.set(name, record);
    }
    const shardOf = (name: string) => {
      const shard = placeOf.get(name);
      if (!shard) throw new Error(`${index} has no tensor ${JSON.stringify(name)}`);
      return shards.get(shard)!;
    };
    return {
      name: index,
      tensors,
      metadata: shards.values().next().value!.metadata,
      read: async (name) => shardOf(name).read(name),
      readRows: async (name, start, end) => shardOf(name).readRows(name, start, end),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Tensor name → file name. A file name must be one of this folder: an index may not reach elsewhere. */
function parseIndex(index: string, text: string): Map<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${index} is not JSON: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  const places = (value as { weight_map?: unknown } | null)?.weight_map;
  if (typeof places !== 'object' || places === null || Array.isArray(places)) {
    throw new Error(`${index} has no object "weight_map" from tensors to files`);
  }
  const entries = Object.entries(places);
  if (entries.length === 0) throw new Error(`${index} names no tensor`);
  for (const [name, file] of entries) {
    if (typeof file !== 'string' || !/^[^/\\]+\.safetensors$/.test(file)) {
      throw new Error(
        `${index} puts tensor ${JSON.stringify(name)} into ${JSON.stringify(file)}: not a .safetensors file of its folder`,
      );
    }
  }
  return new Map(entries as [string, string][]);
}

async function nothingFound(here: Runtime, folder: string): Promise<Error> {
  // a server does not list its folders
  if (here.name !== 'browser' || folder.startsWith('opfs:/')) {
    if ((await here.status(folder))?.kind !== 'folder') return new Error(`${folder} is not a folder`);
    const others = (await here.listFolder(folder)).filter(({ name }) => /\.(bin|pth?|ckpt|msgpack|h5)$/.test(name));
    if (others.length > 0) {
      return new Error(`${folder} holds ${others[0]!.name} but no ${SINGLE}: convert the checkpoint to safetensors`);
    }
  }
  return new Error(`${folder} holds neither ${SINGLE} nor ${INDEX}`);
}
