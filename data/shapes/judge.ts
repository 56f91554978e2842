/**
 * Whether what a model writes is true of a scene.
 *
 * Works from the words and the boxes alone, and shares no rule with what writes the texts, so that each tests the other. What
 * it takes for true is the plain sense of the words: one thing is left of another when its centre is, by however little.
 */

import { intersectionOverUnion } from '../grounding/iou.ts';
import type { Entity } from '../grounding/parse.ts';
import type { Box } from '../grounding/patches.ts';
import { EXTREMES, RELATIONS, type Relation } from './attributes.ts';
import { type ParsedPhrase, parsePhrase } from './phrase-parser.ts';
import { boxOf, type Scene, type SceneObject } from './scene.ts';

/** A box stands for the object that it overlaps most, if that is at least so much. */
const LEAST_OVERLAP = 0.5;

/** The objects that the words of a phrase fit, with its relation and superlative; its count and article aside. */
export function matchingObjects(scene: Scene, phrase: ParsedPhrase): SceneObject[] {
  const alike = scene.objects.filter((object) => {
    const traits: readonly string[] = [object.size, object.texture, object.color, object.shape];
    return phrase.attributes.every((word) => traits.includes(word)) && isRelated(scene, object, phrase.relation);
  });
  if (!phrase.extreme) return alike;
  const toward = RELATIONS[EXTREMES.indexOf(phrase.extreme)];
  return alike.filter((object) => alike.every((other) => other === object || lies(object, toward, other)));
}

/**
 * Whether the objects in these boxes are what the phrase says: as many, each of them like that, and, with `the`, the only one.
 * A count need not be of all: of three red stars, `two red stars` with the boxes of two is true.
 *
 * @param boxes fractions of the picture; an object is meant by its box from an intersection over union of 0.5 on
 * @returns false also for words that are no such phrase, and when two boxes mean one object
 */
export function phraseIsTrue(scene: Scene, phraseText: string, boxes: readonly Box[]): boolean {
  const phrase = parsePhrase(phraseText);
  if (!phrase || boxes.length !== phrase.count) return false;
  const meant = boxes.map((box) => objectAt(scene, box));
  if (new Set(meant).size < meant.length) return false;
  const matching = matchingObjects(scene, phrase);
  if (phrase.definite && matching.length !== 1) return false;
  return meant.every((object) => object !== null && matching.includes(object));
}

/** The object that a box means; null when it fits none. */
export function objectAt(scene: Scene, box: Box): SceneObject | null {
  let best: SceneObject | null = null;
  let most = LEAST_OVERLAP;
  for (const object of scene.objects) {
    const overlap = intersectionOverUnion(box, boxOf(object));
    if (overlap >= most) [best, most] = [object, overlap];
  }
  return best;
}

export interface CaptionVerdict {
  readonly phrases: number;
  readonly truePhrases: number;
  /** At least one phrase, and all of them true. */
  readonly isTrue: boolean;
  readonly objects: number;
  /** Objects that a true phrase stands for. */
  readonly foundObjects: number;
}

/** What the phrases and boxes of a caption are worth, read from a model's output by `postProcessGeneration`. */
export function judgeCaption(scene: Scene, entities: readonly Pick<Entity, 'text' | 'boxes'>[]): CaptionVerdict {
  const right = entities.filter(({ text, boxes }) => phraseIsTrue(scene, text, boxes));
  const found = new Set(right.flatMap(({ boxes }) => boxes.map((box) => objectAt(scene, box))));
  return {
    phrases: entities.length,
    truePhrases: right.length,
    isTrue: entities.length > 0 && right.length === entities.length,
    objects: scene.objects.length,
    foundObjects: found.size,
  };
}

function isRelated(scene: Scene, object: SceneObject, relation: ParsedPhrase['relation']): boolean {
  if (!relation) return true;
  const anchors = matchingObjects(scene, relation.anchor);
  if (relation.anchor.definite && anchors.length !== 1) return false;
  return anchors.filter((anchor) => lies(object, relation.relation, anchor)).length >= relation.anchor.count;
}

function lies(object: SceneObject, relation: Relation, anchor: SceneObject): boolean {
  const [ax1, ay1, ax2, ay2] = boxOf(object);
  const [bx1, by1, bx2, by2] = boxOf(anchor);
  switch (relation) {
    case 'left of':
      return ax1 + ax2 < bx1 + bx2;
    case 'right of':
      return ax1 + ax2 > bx1 + bx2;
    case 'above':
      return ay1 + ay2 < by1 + by2;
    case 'below':
      return ay1 + ay2 > by1 + by2;
  }
}
