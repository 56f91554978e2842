/** Which prepositional phrases nouns take, by their kinds, and with what they are coordinated. */
import type { NounKind } from './nouns.ts';
import { type Place, places } from './verbs.ts';

/** What is coordinated with other kinds. */
export const COMPANY: Readonly<Partial<Record<NounKind, readonly NounKind[]>>> = {
  person: ['animal', 'person', 'animal', 'folk', 'vehicle'],
  animal: ['person', 'bird'],
  bird: ['animal', 'plant'],
  thing: ['plant', 'container', 'furniture', 'food', 'structure'],
  vehicle: ['person', 'train', 'structure', 'plant'],
  structure: ['plant', 'building', 'vehicle', 'furniture'],
  furniture: ['fixture', 'thing', 'plant'],
  food: ['dish', 'container', 'thing'],
  container: ['food', 'thing', 'plant'],
  building: ['structure', 'plant', 'vehicle'],
};

/** What belongs to a noun wherever it is: hangs on it, also where a verb is near. */
export const OWN: Readonly<Partial<Record<NounKind, readonly Place[]>>> = {
  person: places('in clothing pair; with body; on board; with thing; with animal; on ride; in clothing'),
  folk: places('of person; with person; with animal'),
  animal: places('with body; with thing; with animal; in clothing; of animal'),
  bird: places('with body; with food'),
  vehicle: places('with thing person; with image; of food'),
  train: places('with person; with thing'),
  boat: places('with person; with thing'),
  aircraft: places('with structure'),
  furniture: places('with thing food container; with container; with thing person; of material'),
  container: places('of food dish thing plant; with food dish thing; of plant; of dish food; of dish'),
  food: places('with dish food; on container; with dish; with thing; on furniture; in container; of dish'),
  dish: places('with food dish; on container; in container'),
  thing: places(
    'with thing; in container; with image; on furniture; for animal person; of food dish thing; of material',
  ),
  clothing: places('with image; with thing; with body; of material'),
  pair: places('with thing'),
  body: places('of person animal; with thing'),
  ground: places('with person vehicle plant building; with structure; of building water; with animal'),
  area: places('of plant; with plant animal building; with person; of animal'),
  water: places('with boat bird person; with plant land'),
  room: places('with fixture; with fixture furniture thing; with person; with structure fixture'),
  building: places('with structure; with fixture; with thing; with plant'),
  structure: places(
    'with thing plant; with image; with structure; of person animal; of plant thing; for animal vehicle',
  ),
  plant: places('with plant food; in container; with thing; of plant'),
  fixture: places('with thing; with fixture'),
  image: places('of person animal; of building area room; of vehicle thing food; of land water; of land plant'),
  land: places('with plant'),
};

const BESIDE =
  'next to furniture structure vehicle building person animal thing; near building water plant structure; in front of building structure vehicle fixture; by water structure fixture; beside structure vehicle water; behind structure person';
/** Where things are; see `LANDMARKS`. */
export const PLACED: Readonly<Partial<Record<NounKind, readonly Place[]>>> = {
  person: places(
    `on ground; in area; in room; in water; at furniture; at ground room; on furniture; in vehicle boat; with person; under plant structure; between person; at time; inside room; ${BESIDE}`,
  ),
  folk: places(`on ground; in area room; at furniture; around furniture; at time; ${BESIDE}`),
  animal: places(
    `on ground; in area; in water; on furniture; in container; under furniture; behind structure; in room; among plant; inside structure room; on clothing; on top of furniture vehicle; ${BESIDE}`,
  ),
  bird: places(
    `on plant structure; in water; on ground; in area; in plant; over water; near water; on top of building structure; ${BESIDE}`,
  ),
  insect: places('on plant; on body; on food; in plant; in structure'),
  vehicle: places(`on ground; in area ground; at ground structure; on part; under structure; ${BESIDE}`),
  train: places(`on ground; at room; in area; near building; next to ground building; under structure`),
  boat: places(`in water; on water; on ground; near ground; by ground; in area; next to boat; at ground`),
  aircraft: places('in land; on ground; over water; above land; at room; in front of building; near building'),
  furniture: places(
    `in room; in front of fixture; next to fixture structure; on ground; in area; by structure fixture; under structure; around furniture; ${BESIDE}`,
  ),
  container: places(
    'on furniture; on top of furniture; in fixture; next to container thing food; on ground; in room; by container; near structure',
  ),
  food: places(
    'on furniture; on top of container; next to container food dish; in container fixture; in front of person; beside dish; on ground; in room; with thing',
  ),
  dish: places('next to food container; on furniture; in fixture; over food'),
  thing: places(
    `on furniture; on top of furniture fixture; in room; on ground; next to thing container furniture; in front of thing fixture; under furniture; by thing; near thing; in area; on structure; inside building container; ${BESIDE}`,
  ),
  clothing: places('on furniture; on body; in container; on thing; for person'),
  ground: places(
    'near water building; in area; next to building water area; by water; in front of building; through area; with land',
  ),
  area: places(
    'near building water; next to ground building water; with land; by water; in front of building; behind structure',
  ),
  water: places('near building land; next to ground area; in area; in front of building land; by plant'),
  room: places('in area; with person; at time; next to room'),
  building: places(
    `on ground; in area; near water; next to building water ground; behind plant structure; by water; at time; on top of ground; across from building`,
  ),
  structure: places(
    `on ground; in area; in front of building; near building; next to structure building; on building structure; on part; by ground; outside of building; above structure; at ground`,
  ),
  plant: places(
    'in area; on ground; near building; next to structure building; in front of building; along ground; by water; behind structure; on furniture; in room; around building; beside ground',
  ),
  fixture: places(
    'in room; next to fixture; in room; under structure; above fixture; on furniture; beside fixture; near fixture; by fixture; against structure',
  ),
  image: places('on structure; from ground building; on fixture; in container; above furniture; from structure'),
  land: places('in area; near water; behind building; over water; above water'),
  body: places('on animal; in container; above structure; on furniture'),
};

/** Nouns that are places themselves keep what is beside them, also behind a verb. */
export const LANDMARKS = new Set<NounKind>(
  'furniture ground area water room building structure plant land fixture'.split(' ') as NounKind[],
);
export const BESIDE_LANDMARK = /^(?:next to|near|in front of|by|beside|behind|outside of|across from|with)$/;
