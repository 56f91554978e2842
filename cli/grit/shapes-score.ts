/** Records made of scenes of the shapes world, compared with what is there. */
import { type CaptionPair, type GritRecord, shapesTruth } from '../../data/grit/index.ts';
import { type Box, intersectionOverUnion } from '../../data/index.ts';

/** From this overlap on a box is the object's. */
const LEAST_OVERLAP = 0.5;

export interface ShapesScore {
  /** Scenes, objects that their captions speak of, and boxes of the records. */
  readonly scenes: number;
  readonly objects: number;
  readonly boxes: number;
  /** Boxes that are an object's of the same words, of all boxes; and objects with such a box, of all objects. */
  readonly precision: number;
  readonly recall: number;
  /** Mean intersection over union of those boxes. */
  readonly meanOverlap: number;
}

export class ShapesScorer {
  #scenes = 0;
  #objects = 0;
  #boxes = 0;
  #right = 0;
  #found = 0;
  #overlap = 0;

  add({ id }: CaptionPair, record: GritRecord | null): void {
    this.#scenes++;
    const rows = record?.noun_chunks ?? [];
    this.#boxes += rows.length;
    for (const { span, boxes } of shapesTruth(id)) {
      this.#objects += boxes.length;
      const found = new Set<Box>();
      for (const [start, end, x1, y1, x2, y2] of rows) {
        if (start >= span[1] || end <= span[0]) continue;
        const [overlap, object] = nearest([x1, y1, x2, y2], boxes);
        if (overlap < LEAST_OVERLAP) continue;
        this.#right++;
        this.#overlap += overlap;
        found.add(object);
      }
      this.#found += found.size;
    }
  }

  score(): ShapesScore {
    return {
      scenes: this.#scenes,
      objects: this.#objects,
      boxes: this.#boxes,
      precision: this.#right / this.#boxes,
      recall: this.#found / this.#objects,
      meanOverlap: this.#overlap / this.#right,
    };
  }
}

export function showShapesScore({ scenes, objects, boxes, precision, recall, meanOverlap }: ShapesScore): string {
  const percent = (share: number) => (Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : '-');
  return (
    `against the ${scenes} scenes: ${percent(precision)} of ${boxes} boxes are right, ${percent(recall)} of ${objects} ` +
    `objects have one (overlap from ${LEAST_OVERLAP} on; mean ${Number.isFinite(meanOverlap) ? meanOverlap.toFixed(3) : '-'})\n`
  );
}

function nearest(box: Box, others: readonly Box[]): [overlap: number, other: Box] {
  const overlaps = others.map((other) => intersectionOverUnion(box, other));
  const most = Math.max(...overlaps);
  return [most, others[overlaps.indexOf(most)]];
}
