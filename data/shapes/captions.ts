/** Captions of a scene: objects that look alike are counted, and everything is named from left to right. */

import type { Random } from '../random.ts';
import type { Relation } from './attributes.ts';
import { joinParts, type Part, type PhrasedText } from './caption-text.ts';
import { type Attribute, capitalized, type Description, definite, describe, indefinite } from './description.ts';
import { shortestDescription } from './expressions.ts';
import { inReadingOrder, mainRelation, maySay } from './relations.ts';
import type { Scene, SceneObject } from './scene.ts';

/** What a caption to this prompt begins with. */
export const BRIEF_PROMPT = 'An image of';
export const DETAIL_PROMPT = 'Describe this image in detail:';

/** Up to so many objects a brief caption says how large they are. */
const MOST_OBJECTS_WITH_SIZE = 3;
/** Up to so many objects a detailed caption ends with a sentence about a relation. */
const MOST_OBJECTS_WITH_RELATION = 4;
/** How often a brief caption is «An image of …», «There is …», and a sentence about a relation. */
const FORMS = ['image', 'list', 'relation'] as const;
const FORM_WEIGHTS = [60, 20, 20];

interface Group {
  readonly description: Description;
  readonly objects: readonly SceneObject[];
}

/** One of the phrasings. */
export function brieflyCaptioned(scene: Scene, random: Random): PhrasedText {
  const form = FORMS[random.weighted(FORM_WEIGHTS)];
  if (form === 'list') return joinParts([...thereAre(briefGroups(scene)), '.']);
  const relation = form === 'relation' ? relationCaption(scene, random) : null;
  return relation ?? imageCaption(scene);
}

/** `An image of a large red star and two small blue rings.` */
export function imageCaption(scene: Scene): PhrasedText {
  return joinParts([`${BRIEF_PROMPT} `, ...listed(briefGroups(scene)), '.']);
}

/** Groups of objects that look alike as far as a brief caption says. */
function briefGroups(scene: Scene): Group[] {
  const withSize = scene.objects.length <= MOST_OBJECTS_WITH_SIZE;
  return groupsOf(scene, withSize ? ['size', 'color', 'shape'] : ['color', 'shape']);
}

function groupsOf(scene: Scene, attributes: readonly Attribute[]): Group[] {
  const groups = new Map<string, Group & { objects: SceneObject[] }>();
  for (const object of inReadingOrder(scene.objects)) {
    const description = describe(object, attributes);
    const name = indefinite(description);
    const group = groups.get(name) ?? { description, objects: [] };
    group.objects.push(object);
    groups.set(name, group);
  }
  return [...groups.values()];
}

/** `a red star, two blue rings and a green cross`. */
function listed(groups: readonly Group[]): Part[] {
  return groups.flatMap((group, i) => {
    const separator = i === 0 ? [] : [i === groups.length - 1 ? ' and ' : ', '];
    return [...separator, named(group)];
  });
}

function named({ description, objects }: Group): Part {
  return { phrase: indefinite(description, objects.length), objects };
}

function thereAre(groups: readonly Group[]): Part[] {
  return [groups[0].objects.length === 1 ? 'There is ' : 'There are ', ...listed(groups)];
}

/** `A red star is above a blue ring.` or `There is a red star to the left of a blue ring.`; null when no relation is clear. */
function relationCaption(scene: Scene, random: Random): PhrasedText | null {
  const single = briefGroups(scene).filter(({ objects }) => objects.length === 1);
  const pair = firstRelatedPair(scene, single, random);
  if (!pair) return null;
  const [first, relation, second] = pair;
  const place = relation.endsWith(' of') ? `to the ${relation}` : relation;
  if (random.chance(0.5)) return joinParts(['There is ', named(first), ` ${place} `, named(second), '.']);
  const subject = { phrase: capitalized(indefinite(first.description)), objects: first.objects };
  return joinParts([subject, ` is ${place} `, named(second), '.']);
}

/** The first two groups of one object each that are clearly related, in one order or the other. */
function firstRelatedPair(scene: Scene, groups: readonly Group[], random: Random): [Group, Relation, Group] | null {
  const turned = random.chance(0.5);
  for (let i = 0; i + 1 < groups.length; i++) {
    const [first, second] = turned ? [groups[i + 1], groups[i]] : [groups[i], groups[i + 1]];
    const relation = mainRelation(first.objects[0], second.objects[0]);
    if (relation && maySay(scene, first.objects[0], relation)) return [first, relation, second];
  }
  return null;
}

/** What the detailed caption says behind its prompt: everything that can be seen. */
export function captionedInDetail(scene: Scene): PhrasedText {
  const { tone, pattern } = scene.background;
  const groups = groupsOf(scene, ['size', 'texture', 'color', 'shape']);
  return joinParts([...thereAre(groups), ` on a ${pattern} ${tone} background.`, relationSentence(scene)]);
}

/** About the first two neighbours from left to right that can be told from all others and are clearly related. */
function relationSentence(scene: Scene): string {
  if (scene.objects.length > MOST_OBJECTS_WITH_RELATION) return '';
  const named = inReadingOrder(scene.objects).flatMap((object) => {
    const description = shortestDescription(scene, object);
    return description ? [{ object, name: definite(description) }] : [];
  });
  for (let i = 0; i + 1 < named.length; i++) {
    const [first, second] = [named[i], named[i + 1]];
    const relation = mainRelation(first.object, second.object);
    if (relation && maySay(scene, first.object, relation))
      return ` ${capitalized(first.name)} is ${relation} ${second.name}.`;
  }
  return '';
}
