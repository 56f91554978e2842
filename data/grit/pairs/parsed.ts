/** Captions with the parses of another tool as pairs; their pictures are called as they are. */
import { runtime } from '../../../engine/runtime/index.ts';
import { pictureOf } from '../../corpora/picture-files.ts';
import { START } from '../../corpora/readers/record.ts';
import { integerIn } from '../json-row.ts';
import type { ParsedCaption } from '../parse.ts';
import { readParses } from '../parse-file.ts';
import type { PictureFacts } from '../records.ts';
import type { BadPair, CaptionPair } from './pair.ts';
import type { PairItem, PairSource } from './source.ts';
import type { ShardChoice } from './units.ts';

export interface ParsedPairsOptions {
  readonly path: string;
  /** Folder of the pictures; null where none are needed. */
  readonly images: string | null;
  readonly shard: ShardChoice;
}

/** @throws Error where the file cannot be read or holds no parses */
export async function openParsedPairs({ path, images, shard }: ParsedPairsOptions): Promise<PairSource> {
  const file = await (await runtime()).openFile(path);
  const { size } = file;
  await file.close();
  return {
    identity: { parses: [path, size], images },
    items: (from) => parsedItems(path, images, shard, from as number | null),
  };
}

/** @param from captions of the whole file, broken ones counted, that are passed over */
async function* parsedItems(
  path: string,
  images: string | null,
  { index, count }: ShardChoice,
  from: number | null,
): AsyncGenerator<PairItem> {
  let number = 0;
  for await (const found of captionsAndFaults(path)) {
    const isMine = number % count === index && number >= (from ?? 0);
    number++;
    if (isMine) yield { pair: 'kind' in found ? found : pairWith(found, images), next: number };
  }
}

/** The captions and, in their places, those that cannot be used. */
async function* captionsAndFaults(path: string): AsyncGenerator<ParsedCaption | BadPair> {
  const queue: BadPair[] = [];
  const problems = { add: (kind: BadPair['kind'], where: string) => void queue.push({ kind, where }) };
  for await (const parsed of readParses(path, problems)) {
    yield* queue.splice(0);
    yield parsed;
  }
  yield* queue.splice(0);
}

function pairWith(parsed: ParsedCaption, images: string | null): CaptionPair {
  const { id, caption } = parsed;
  const nowhere = { where: id, number: 0, content: {}, size: 0, next: START };
  return {
    id,
    caption,
    parsed,
    picture: images === null ? null : pictureOf(nowhere, { key: id }, images),
    facts: factsNamed(id),
  };
}

function factsNamed(key: string): PictureFacts {
  return {
    key,
    clip_similarity_vitb32: null,
    clip_similarity_vitl14: null,
    id: integerIn(key),
    url: null,
    width: null,
    height: null,
  };
}
