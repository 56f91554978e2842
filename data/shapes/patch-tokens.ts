/**
 * What the patches of a picture show: the words for the object of each, and the location tokens of its box. A vision tower that starts from nothing learns from
 * it what texts teach it far more slowly; the paper's tower comes from CLIP and needs no such thing.
 */
import type { PatchToken } from '../corpora/example.ts';
import { boxToTrainingPatches, patchToken } from '../grounding/patches.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { describeFully, words } from './description.ts';
import { covers } from './placement.ts';
import { boxOf, type Scene, type SceneObject } from './scene.ts';
import { UNITS } from './units.ts';
import type { UnseenPairs } from './unseen-pairs.ts';

/** Points per side of a patch that are looked at, and the least of them that an object covers to be what the patch shows. */
const POINTS = 6;
const LEAST_COVERED = 4;
/** For patches without an object. */
const NOTHING = 'background';

/** Names the patches of pictures of one model. */
export class PatchNamer {
  readonly #tokenizer: Tokenizer;
  readonly #side: number;
  readonly #gridSize: number;
  readonly #nothing: readonly number[];

  /** @param side patches along an edge of the picture */
  constructor(tokenizer: Tokenizer, side: number, gridSize: number) {
    this.#tokenizer = tokenizer;
    this.#side = side;
    this.#gridSize = gridSize;
    this.#nothing = this.#wordsOf(NOTHING);
  }

  /**
   * The tokens of each patch in turn but those that are left open.
   *
   * @param unseenPairs whether patches leave open, beside what names them, what training never shows with it
   */
  tokensOf(scene: Scene, open: readonly number[] = [], unseenPairs: UnseenPairs | null = null): PatchToken[] {
    const names = scene.objects.map((object) => {
      const corners = boxToTrainingPatches(boxOf(object), this.#gridSize).map((cell) => this.#id(patchToken(cell)));
      const ids = [...this.#wordsOf(words(describeFully(object))), ...corners];
      return { ids, ...(unseenPairs && { openIds: unseenPairs.besides(ids) }) };
    });
    return patchOwners(scene, this.#side).flatMap((owner, patch) => {
      const { ids, ...left } = owner === null ? { ids: this.#nothing } : names[owner];
      return ids.filter((id) => !open.includes(id)).map((id) => ({ image: 0, patch, id, ...left }));
    });
  }

  /** Words as they are in the middle of a sentence. */
  #wordsOf(text: string): number[] {
    return this.#tokenizer.encode(` ${text}`);
  }

  #id(token: string): number {
    return this.#tokenizer.tokenToId(token)!;
  }
}

/** For each patch, row by row, the number of the object that most of it shows; null where there is hardly any. */
export function patchOwners({ objects }: Scene, side: number): (number | null)[] {
  const extent = UNITS / side;
  return Array.from({ length: side * side }, (_, at) =>
    ownerOf({ left: (at % side) * extent, top: Math.floor(at / side) * extent, extent }, objects),
  );
}

/** In units. */
interface Patch {
  readonly left: number;
  readonly top: number;
  readonly extent: number;
}

function ownerOf(patch: Patch, objects: readonly SceneObject[]): number | null {
  const near = objects.flatMap((object, i) => (reaches(object, patch) ? [i] : []));
  if (near.length === 0) return null;
  const { left, top, extent } = patch;
  const covered = new Map<number, number>();
  for (let point = 0; point < POINTS * POINTS; point++) {
    const x = left + (((point % POINTS) + 0.5) / POINTS) * extent;
    const y = top + ((Math.floor(point / POINTS) + 0.5) / POINTS) * extent;
    // what is painted last is seen
    const seen = near.findLast((i) => covers(objects[i], x, y));
    if (seen !== undefined) covered.set(seen, (covered.get(seen) ?? 0) + 1);
  }
  const [most] = [...covered].sort(([, a], [, b]) => b - a);
  return most && most[1] >= LEAST_COVERED ? most[0] : null;
}

/** Whether the object's box reaches into the patch. */
function reaches({ x, y, side }: SceneObject, { left, top, extent }: Patch): boolean {
  return x < left + extent && x + side > left && y < top + extent && y + side > top;
}
