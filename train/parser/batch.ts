/** Sentences packed into rows of one length, so that one compiled plan does for a whole run. */
import { distanceStep, ROOT_DISTANCE } from '../../data/grit/parser/distance.ts';
import type { EncodedSentence } from '../../data/grit/parser/sentence.ts';
import { HostArray } from '../../engine/index.ts';

/** A sentence with its answers; labels are numbers of the vocabulary, −1 where one is not known. */
export interface TrainingSentence extends EncodedSentence {
  readonly upos: readonly number[];
  readonly xpos: readonly number[];
  readonly heads: readonly number[];
  readonly relations: readonly number[];
}

export interface BatchShape {
  readonly rows: number;
  /** Words of a row. */
  readonly length: number;
}

/** N = rows · length places; arrays [N] are i32, −1 where there is nothing to learn. */
export interface ParserBatch {
  readonly words: HostArray;
  readonly affixes: readonly HostArray[];
  /** f32 [rows, length, 1]: 0 at the first and at the last word of a sentence, else 1. */
  readonly hasBefore: HostArray;
  readonly hasBehind: HostArray;
  /** f32 [rows, length, length + 1]: 0 where a word (or, last, the root) may be the head, else a large negative number. */
  readonly forbidden: HostArray;
  /** f32 [N, 1]: column of the head. */
  readonly headColumns: HostArray;
  /** Places of the heads, N for the root. */
  readonly headPlaces: HostArray;
  readonly distances: HostArray;
  readonly relations: HostArray;
  readonly upos: HostArray;
  readonly xpos: HostArray;
}

export interface PackedBatch {
  readonly feed: ParserBatch;
  readonly tokens: number;
}

const FORBIDDEN = -1e9;

/**
 * Cuts sentences, in their order, into batches: each goes into the first row with room. The last batch is left out when it is less
 * than half full, unless it is the only one; sentences longer than a row have to be left out before.
 */
export function packRows<T extends { readonly words: readonly unknown[] }>(
  sentences: readonly T[],
  { rows, length }: BatchShape,
): T[][][] {
  const batches: T[][][] = [];
  let current: T[][] = [];
  let left: number[] = [];
  const open = () => {
    current = Array.from({ length: rows }, () => []);
    left = new Array<number>(rows).fill(length);
    batches.push(current);
  };
  for (const sentence of sentences) {
    const needed = sentence.words.length;
    if (needed > length) throw new Error(`a sentence of ${needed} words does not fit into rows of ${length}`);
    let row = left.findIndex((room) => room >= needed);
    if (row === -1) {
      open();
      row = 0;
    }
    current[row]!.push(sentence);
    left[row]! -= needed;
  }
  const rest = left.reduce((sum, room) => sum + room, 0);
  if (batches.length > 1 && rest > (rows * length) / 2) batches.pop();
  return batches;
}

export function packedBatch(packed: readonly (readonly TrainingSentence[])[], shape: BatchShape): PackedBatch {
  const { rows, length } = shape;
  const places = rows * length;
  const kinds = packed.flat()[0]!.affixes[0]!.length;
  const integers = (fill: number) => new Int32Array(places).fill(fill);
  const words = integers(0);
  const affixes = Array.from({ length: kinds }, () => integers(0));
  const [relations, upos, xpos, headPlaces] = [integers(-1), integers(-1), integers(-1), integers(places)];
  const distances = integers(ROOT_DISTANCE);
  const hasBefore = new Float32Array(places);
  const hasBehind = new Float32Array(places);
  const headColumns = new Float32Array(places).fill(-1);
  const columns = length + 1;
  const forbidden = new Float32Array(places * columns).fill(FORBIDDEN);
  for (let place = 0; place < places; place++) forbidden[place * columns + length] = 0;
  let tokens = 0;
  for (const [row, sentences] of packed.entries()) {
    let first = row * length;
    for (const sentence of sentences) {
      const count = sentence.words.length;
      const column = first - row * length;
      for (let i = 0; i < count; i++) {
        const place = first + i;
        const head = sentence.heads[i]!;
        words[place] = sentence.words[i]!;
        for (const [kind, id] of sentence.affixes[i]!.entries()) affixes[kind]![place] = id;
        hasBefore[place] = Number(i > 0);
        hasBehind[place] = Number(i + 1 < count);
        for (let other = 0; other < count; other++) if (other !== i) forbidden[place * columns + column + other] = 0;
        headColumns[place] = head === -1 ? length : column + head;
        headPlaces[place] = head === -1 ? places : first + head;
        distances[place] = head === -1 ? ROOT_DISTANCE : distanceStep(head - i);
        relations[place] = sentence.relations[i]!;
        upos[place] = sentence.upos[i]!;
        xpos[place] = sentence.xpos[i]!;
      }
      first += count;
      tokens += count;
    }
  }
  const feed: ParserBatch = {
    words: new HostArray(words),
    affixes: affixes.map((ids) => new HostArray(ids)),
    hasBefore: new HostArray(hasBefore, [rows, length, 1]),
    hasBehind: new HostArray(hasBehind, [rows, length, 1]),
    forbidden: new HostArray(forbidden, [rows, length, columns]),
    headColumns: new HostArray(headColumns, [places, 1]),
    headPlaces: new HostArray(headPlaces),
    distances: new HostArray(distances),
    relations: new HostArray(relations),
    upos: new HostArray(upos),
    xpos: new HostArray(xpos),
  };
  return { feed, tokens };
}
