/**
 * Phrase grounding (R@k, ANY-BOX protocol) and referring expression comprehension (accuracy at IoU 0.5), as the published
 * evaluation scripts of KOSMOS-2 count them. Boxes of a query and its truth share one unit, any.
 */
import { type Box, type Entity, intersectionOverUnion, postProcessGeneration } from '../../data/grounding.ts';
import { strip } from '../../data/white-space.ts';

/** An overlap of exactly this much is a hit. */
export const IOU_THRESHOLD = 0.5;

/** What a query without a usable box is scored with: no overlap with anything. */
const NO_BOX: Box = [0, 0, 0, 0];

/** How many of the first boxes count; there is no confidence, so first means first written. */
export const RECALL_RANKS = ['1', '5', '10', 'all'] as const;
export type RecallRank = (typeof RECALL_RANKS)[number];

export interface GroundingQuery {
  /** Boxes in the order in which they were written. */
  readonly predicted: readonly Box[];
  /** Every true box of the phrase; overlap with any of them counts. */
  readonly truth: readonly Box[];
  /** Entity types of the phrase, such as `people`; it counts in each. */
  readonly types: readonly string[];
}

/** Recall of all phrases (`all`) and of each type that occurs, sorted by name. */
export type RecallByType = Readonly<Record<string, number>>;

/**
 * The boxes that a text gives to a phrase, as fractions of the picture: those of every entity whose text equals the
 * phrase, white space at the ends aside, upper and lower case told apart. Malformed boxes are not there.
 *
 * @param text what the model wrote, prompt included (the phrase usually stands in the prompt)
 */
export function boxesOfPhrase(text: string, phrase: string): Box[] {
  return boxesOfEntities(postProcessGeneration(text).entities, phrase);
}

/** The same of entities that were read already. */
export function boxesOfEntities(entities: readonly Pick<Entity, 'text' | 'boxes'>[], phrase: string): Box[] {
  const wanted = strip(phrase);
  return entities.filter(({ text }) => text === wanted).flatMap(({ boxes }) => boxes);
}

/** A box of fractions in pixels of a picture. */
export function scaleBox([x1, y1, x2, y2]: Box, width: number, height: number): Box {
  return [x1 * width, y1 * height, x2 * width, y2 * height];
}

/** Largest overlap of the first boxes with any true one. */
export function bestOverlap({ predicted, truth }: Pick<GroundingQuery, 'predicted' | 'truth'>, rank: RecallRank) {
  const first = rank === 'all' ? predicted : predicted.slice(0, Number(rank));
  const boxes = first.length > 0 ? first : [NO_BOX];
  return Math.max(...boxes.flatMap((box) => truth.map((target) => overlap(box, target))));
}

/** @throws Error for no queries, and for one without a true box */
export function groundingRecall(queries: readonly GroundingQuery[]): Readonly<Record<RecallRank, RecallByType>> {
  if (queries.length === 0) throw new Error('phrase grounding: there is no query to score');
  const bare = queries.findIndex(({ truth }) => truth.length === 0);
  if (bare >= 0) throw new Error(`phrase grounding: query ${bare} has no true box`);
  return {
    '1': recallAt(queries, '1'),
    '5': recallAt(queries, '5'),
    '10': recallAt(queries, '10'),
    all: recallAt(queries, 'all'),
  };
}

function recallAt(queries: readonly GroundingQuery[], rank: RecallRank): RecallByType {
  const counts = new Map<string, { hits: number; total: number }>([['all', { hits: 0, total: 0 }]]);
  for (const query of queries) {
    const hit = bestOverlap(query, rank) >= IOU_THRESHOLD;
    for (const type of ['all', ...query.types]) {
      const count = counts.get(type) ?? { hits: 0, total: 0 };
      counts.set(type, { hits: count.hits + Number(hit), total: count.total + 1 });
    }
  }
  const [all, ...types] = counts;
  types.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries([all, ...types].map(([type, { hits, total }]) => [type, hits / total]));
}

/** Overlaps of a referring expression's boxes with the true one. */
export interface ComprehensionOverlap {
  /** Of the first box: the reported figure. */
  first: number;
  /** Of the mean of all boxes. */
  meanBox: number;
  /** Of the best box: an upper bound. */
  best: number;
}

export function comprehensionOverlap(predicted: readonly Box[], truth: Box): ComprehensionOverlap {
  const boxes = predicted.length > 0 ? predicted : [NO_BOX];
  return {
    first: overlap(boxes[0], truth),
    meanBox: overlap(meanOf(boxes), truth),
    best: Math.max(...boxes.map((box) => overlap(box, truth))),
  };
}

/** Shares of the expressions whose overlap reaches the threshold. @throws Error for none */
export function comprehensionAccuracy(overlaps: readonly ComprehensionOverlap[]): ComprehensionOverlap {
  if (overlaps.length === 0) throw new Error('comprehension: there is no expression to score');
  const share = (key: keyof ComprehensionOverlap) =>
    overlaps.filter((one) => one[key] >= IOU_THRESHOLD).length / overlaps.length;
  return { first: share('first'), meanBox: share('meanBox'), best: share('best') };
}

/** Two empty boxes do not overlap. */
function overlap(a: Box, b: Box): number {
  const value = intersectionOverUnion(a, b);
  return Number.isNaN(value) ? 0 : value;
}

function meanOf(boxes: readonly Box[]): Box {
  const coordinate = (axis: number) => boxes.reduce((sum, box) => sum + box[axis], 0) / boxes.length;
  return [coordinate(0), coordinate(1), coordinate(2), coordinate(3)];
}
