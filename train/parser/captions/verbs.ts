/** What people, animals and things do in captions, with what, and where: which words go with which. */
import type { NounKind } from './nouns.ts';

/** A preposition and kinds of nouns behind it. */
export interface Place {
  readonly preposition: string;
  readonly kinds: readonly NounKind[];
}

export interface Action {
  readonly verbs: readonly string[];
  readonly subjects: readonly NounKind[];
  /** Kinds of the object; empty for none. */
  readonly objects: readonly NounKind[];
  /** The first place is the verb's own and seldom missing. */
  readonly places: readonly Place[];
}

const kinds = (list: string) => list.split(' ') as NounKind[];

/** `on ground area; at furniture` */
export function places(list: string): Place[] {
  if (list === '') return [];
  return list.split('; ').map((row) => {
    const words = row.split(' ');
    const first = words.findIndex((_, i) => i > 0 && words.slice(i).every(isKind));
    if (first === -1) throw new Error(`no kinds of nouns in ${JSON.stringify(row)}`);
    return { preposition: words.slice(0, first).join(' '), kinds: words.slice(first) as NounKind[] };
  });
}

const KINDS = new Set(
  kinds(
    'person folk animal bird insect vehicle train boat aircraft ride board furniture container food dish thing clothing pair body ground area ' +
      'water room building structure plant land fixture game music material image part time abstract',
  ),
);

function isKind(word: string): boolean {
  return KINDS.has(word as NounKind);
}

function action(verbs: string, subjects: string, objects: string, where: string): Action {
  return {
    verbs: verbs.split(' '),
    subjects: kinds(subjects),
    objects: objects === '' ? [] : kinds(objects),
    places: places(where),
  };
}

const BESIDE =
  'next to person animal thing furniture structure vehicle building; near building water plant structure; in front of building structure vehicle fixture; beside person structure vehicle water; by water fixture structure; behind structure person animal';

/** Without an object. */
export const INTRANSITIVE: readonly Action[] = [
  action(
    'stand',
    'person animal folk',
    '',
    `on ground board; in area water room plant; ${BESIDE}; at furniture structure ground; around furniture; on top of ground plant; among plant; between person building; under plant`,
  ),
  action(
    'stand',
    'person animal folk',
    '',
    `${BESIDE}; in ground area; outside of building; inside room; in between animal person structure; against structure`,
  ),
  action(
    'sit',
    'person animal folk',
    '',
    `on furniture ground; at furniture; in vehicle furniture area boat; ${BESIDE}; on top of furniture vehicle; in room; around furniture; inside vehicle; under plant; across from person`,
  ),
  action(
    'sit rest lie lay sleep',
    'animal',
    '',
    `on furniture ground clothing; in container area plant; under furniture vehicle plant; on top of vehicle furniture thing; inside container; ${BESIDE}`,
  ),
  action(
    'lie lay sleep rest relax nap',
    'person animal',
    '',
    'on furniture ground; in furniture area; under plant; next to person animal thing; on top of furniture; with thing',
  ),
  action(
    'sit rest lie lay',
    'thing food container',
    '',
    'on furniture ground container; on top of furniture container fixture; in container; next to thing container food furniture; beside thing container; in front of structure fixture; near thing; by fixture',
  ),
  action(
    'sit stand',
    'vehicle train boat aircraft structure building furniture',
    '',
    `on ground; in ground area water; in front of building; ${BESIDE}; at ground; outside of building; under plant; along ground water; beneath plant`,
  ),
  action(
    'walk run jog stroll wander',
    'person animal folk',
    '',
    'down ground; along ground; across ground; through area water plant; on ground; in area; past building; toward building; around area; up ground; over ground; by water; with animal person; beside water; towards person; away from structure; into water',
  ),
  action(
    'jump leap',
    'person animal',
    '',
    'over structure thing; in ground area; into water; off ground; on furniture; through structure; for thing; from ground',
  ),
  action(
    'ride travel drive move',
    'vehicle train',
    '',
    'down ground; along ground; through area; on ground; past building; over ground; under ground; up ground; across ground; around ground; into room',
  ),
  action('pull arrive', 'train vehicle', '', 'into room; up to ground; at room'),
  action(
    'ride',
    'person',
    '',
    'on ride vehicle; in vehicle boat; down ground; on the back of ride; through area; along ground; with person',
  ),
  action(
    'fly soar glide',
    'bird aircraft',
    '',
    'over water area building; through land; in land; above water building land; near building; around building; across land',
  ),
  action(
    'float sail',
    'boat',
    '',
    'on water; in water; down water; across water; near ground; along water; next to boat; under ground',
  ),
  action(
    'swim wade bathe splash play',
    'animal bird person',
    '',
    'in water; through water; across water; near ground; with animal person; under water',
  ),
  action(
    'look stare gaze',
    'person animal bird',
    '',
    'at person animal thing; out of structure; into body container; through structure; over structure; to part; up at bird land; down at thing; in fixture; towards person',
  ),
  action('smile wave laugh', 'person', '', 'at person; for image; in front of fixture; with person'),
  action(
    'pose',
    'person folk',
    '',
    'for image; with animal thing person; in front of building structure; on ground board; next to vehicle; in room; in clothing; by structure; beside animal',
  ),
  action('play', 'person animal', '', 'with thing animal; in area water; on ground; at furniture; with person'),
  action('work', 'person', '', 'on thing vehicle; at furniture; in room area; with thing'),
  action('talk chat speak', 'person', '', 'on thing; to person; with person; in room; at furniture; into thing'),
  action('wait', 'person', '', 'for vehicle train thing; at structure ground; in room; on ground; to person'),
  action(
    'lean',
    'person animal',
    '',
    'against structure vehicle; on structure furniture; over furniture container; out of structure',
  ),
  action(
    'graze feed',
    'animal',
    '',
    'in area; on ground plant; near water; by water; next to animal; on top of ground; behind structure',
  ),
  action('eat drink', 'animal bird', '', 'from container water; out of container; off of ground plant; at container'),
  action('eat dine', 'person', '', 'at furniture; in room; off of container; with person'),
  action(
    'perch sit rest',
    'bird insect',
    '',
    'on plant structure; in plant; on top of structure building plant; atop structure; near water; on the edge of structure; beside water; on body',
  ),
  action(
    'hang',
    'thing clothing plant',
    '',
    'from structure plant; on structure; over furniture; in room; above fixture furniture; in front of structure; off of structure; by fixture',
  ),
  action(
    'grow',
    'plant',
    '',
    'in container area; on ground structure; along ground structure; beside ground; near building; out of ground; from container',
  ),
  action(
    'crouch kneel squat bend',
    'person',
    '',
    'on ground; behind person structure; next to animal; in front of structure; down by water; over thing; near person',
  ),
  action(
    'ski snowboard slide',
    'person',
    '',
    'down ground; on ground; in ground; through area; past structure; across ground',
  ),
  action(
    'skate skateboard',
    'person',
    '',
    'down ground; on ground; in area; along structure; off ground; through area',
  ),
  action('surf', 'person', '', 'on board; in water; on water; near ground'),
  action(
    'climb',
    'person animal',
    '',
    'up ground plant; on structure plant; over structure; onto vehicle; out of vehicle',
  ),
  action(
    'gather stand sit',
    'folk',
    '',
    'around furniture fixture; in room area; in front of building; on ground; under structure; at furniture',
  ),
  action('perform dance sing', 'person folk', '', 'on ground; in room; in front of folk; for folk; at time'),
  action('march parade', 'folk person', '', 'down ground; in time; through area'),
  action('cook bake', 'person', '', 'in room; at fixture; on fixture; over structure; with container'),
  action('cook', 'food', '', 'in container; on fixture; over structure; inside fixture'),
  action('shop', 'person', '', 'in room; for food clothing; at room; with person'),
  action(
    'bubble flow burn glow rise shine tower stretch',
    'land structure',
    '',
    'in area; over area; behind building; above water; on the edge of water; through area; across land; into land; from ground',
  ),
  action('crash break roll', 'land', '', 'onto ground; against ground; on ground; over ground'),
  action('compete race', 'person animal', '', 'in time; on ground; against person; around ground; at time'),
  action('fight argue wrestle', 'person animal', '', 'with person animal; over thing; in area; on ground'),
  action('reach grab', 'person animal', '', 'for thing food; into container; over structure; up to plant'),
  action(
    'peek look',
    'animal person',
    '',
    'out of structure; over structure; around structure; from behind structure; through structure; into container',
  ),
  action('study learn read', 'person', '', 'in room; at furniture; from thing; on furniture'),
  action('exercise train stretch practice', 'person', '', 'in room; on ground; in area; with person; for time'),
  action('travel fly', 'aircraft', '', 'in land; through land; over water land building; past building; above land'),
  action(
    'cross pass',
    'vehicle train',
    '',
    'over water ground; by building; in front of building; through room; under ground',
  ),
  action(
    'rest sit lean',
    'board thing',
    '',
    'against structure plant; on ground; near structure; in ground; by structure',
  ),
];

/** With an object. */
export const TRANSITIVE: readonly Action[] = [
  action(
    'hold',
    'person',
    'thing food container clothing',
    'in area; on ground; near water; up to body; over body; for image; by water; in front of structure; next to person; at furniture',
  ),
  action('hold', 'person', 'animal thing food person', 'in body; by body; on body; in front of body'),
  action('wear', 'person animal', 'clothing', 'on ground; in area; in room; in front of structure'),
  action('wear', 'person', 'pair clothing', 'in front of structure; on body; at time'),
  action(
    'ride',
    'person',
    'ride',
    'down ground; on ground; in area water; along ground; through area; over ground; across ground; up ground; past building; in time; next to vehicle; on top of ground; with person; around ground',
  ),
  action(
    'eat',
    'person',
    'food dish',
    'at furniture; in room; on ground; with thing; from container; off of container; out of container',
  ),
  action(
    'eat chew nibble',
    'animal',
    'plant food dish',
    'from container; off of ground; in area; out of body; on ground; near structure',
  ),
  action('drink', 'person animal', 'dish', 'from container; out of container; at furniture; in room'),
  action(
    'play',
    'person folk',
    'game',
    'on ground; in area room; with person animal; in front of folk; at furniture; against person',
  ),
  action(
    'throw',
    'person',
    'thing',
    'to person animal; in area; at person; on ground; into land; over structure; off of ground',
  ),
  action('catch', 'person animal', 'thing', 'in body; in area; on ground; with body'),
  action('hit swing', 'person', 'thing', 'with thing; on ground; at thing; over structure; during time'),
  action('kick', 'person', 'thing', 'on ground; in area; down ground; around area; toward structure'),
  action(
    'read',
    'person',
    'thing',
    'on furniture; in furniture; to person; at furniture; in room; under plant; by fixture',
  ),
  action('use', 'person', 'thing', 'on furniture; in room; at furniture; on body'),
  action(
    'carry',
    'person',
    'thing container food animal',
    'on body; through area; across ground; down ground; in body; under body; over body; to building; along ground',
  ),
  action(
    'push pull',
    'person animal vehicle',
    'container vehicle thing',
    'down ground; along ground; through area; across ground; on ground; behind person; in room; with thing',
  ),
  action(
    'walk',
    'person',
    'animal',
    'on ground; down ground; along ground; in area; through area; across ground; with thing; past building',
  ),
  action(
    'feed pet',
    'person',
    'animal bird',
    'in area; from container; through structure; with body; on ground; by body',
  ),
  action('touch rub scratch lick', 'person animal', 'body animal thing', 'with body; in room; on ground'),
  action(
    'watch',
    'person folk animal',
    'person animal bird music thing',
    'from ground structure; on fixture; in room; through structure; at furniture; on ground',
  ),
  action('cut slice chop', 'person', 'food dish', 'with thing; on furniture; in room; into container; at furniture'),
  action(
    'prepare cook make serve',
    'person',
    'food dish',
    'in room; on fixture; at furniture; for person; in container; on furniture; to person',
  ),
  action('fly', 'person', 'thing', 'in area land; on ground; over water; at ground; with person'),
  action('drive', 'person', 'vehicle', 'down ground; on ground; through area; past building; along ground; in time'),
  action(
    'brush wash dry comb',
    'person',
    'body animal',
    'with thing; in room; in fixture; at fixture; in front of fixture',
  ),
  action(
    'wash clean repair fix inspect paint',
    'person',
    'vehicle fixture container thing',
    'with thing; in room; on ground; in fixture; outside of building',
  ),
  action('take', 'person', 'image', 'of animal building person; with thing; in fixture; in area; from ground'),
  action(
    'hug kiss embrace',
    'person',
    'person animal',
    'on body; in area; in front of structure; on ground; at time; by water',
  ),
  action(
    'chase follow',
    'animal person',
    'animal thing person',
    'on ground; in area; through area; across ground; around area',
  ),
  action(
    'cross',
    'person animal vehicle',
    'ground water',
    'in area; at structure; in front of vehicle; with thing; near building; during time; on ground',
  ),
  action('enter leave', 'person vehicle train', 'room building', 'with person; through structure; from part; in time'),
  action('climb', 'person animal', 'ground plant', 'with thing; in area; to building; near structure'),
  action(
    'perform do',
    'person',
    'game',
    'on ground board; in area; over structure; in front of folk; off ground; at area; on the side of ground',
  ),
  action('paint draw', 'person', 'image', 'on structure; of person; with thing; in room'),
  action('open close', 'person', 'container structure', 'in room; with thing; on furniture'),
  action('pour', 'person', 'dish', 'into container; from container; over food; in room; out of container'),
  action('play', 'person', 'music game', 'on thing; in room; for folk; with person'),
  action('give show hand', 'person', 'thing food', 'to person; in room'),
  action('face', 'vehicle person animal', 'structure person building', ''),
  action('line surround', 'structure plant building', 'ground area', 'in area'),
  action('have', 'person animal', 'body', ''),
  action('display', 'structure room', 'thing food', 'in structure; on ground'),
  action('tow haul', 'vehicle', 'vehicle boat', 'down ground; on ground; behind vehicle; along ground'),
  action('create cast', 'land structure', 'body', 'on ground; over water'),
  action(
    'lead guide herd',
    'person animal',
    'animal',
    'through area; down ground; into room; on ground; with thing; across water',
  ),
  action('load unload', 'person', 'thing container vehicle', 'into vehicle; onto vehicle; from vehicle'),
  action('sell buy', 'person', 'food thing', 'in room; at structure; on ground; from vehicle; to person'),
  action('blow', 'person', 'thing', 'in area; on ground; with body'),
  action('steer row paddle', 'person', 'boat', 'down water; on water; through water; across water; under ground'),
  action('spread flap stretch', 'bird animal', 'body', 'in area; on structure; over water'),
  action('cover overlook', 'land plant', 'ground water area', ''),
  action('examine study inspect observe', 'person', 'thing plant animal', 'in room; with thing; at furniture'),
  action(
    'grab pick collect',
    'person animal',
    'food thing plant',
    'from container plant; off of furniture; in area; with body; on ground',
  ),
];

/** Participles behind nouns and passives; the first place is how it came about, with its agent or stuff. */
export const PASSIVE: readonly Action[] = [
  action('fill', 'container area room vehicle', '', 'with food thing dish'),
  action('fill', 'ground room area building furniture', '', 'with person animal thing furniture plant'),
  action('cover', 'ground land plant vehicle building furniture', '', 'in plant; with plant; by plant; with thing'),
  action('cover', 'food', '', 'in dish; with dish food; with food'),
  action('surround', 'person animal', '', 'by person animal'),
  action(
    'surround',
    'building ground water area structure furniture',
    '',
    'by plant building land person structure furniture',
  ),
  action('top stuff drizzle load', 'food dish', '', 'with food dish'),
  action(
    'park',
    'vehicle train ride',
    '',
    'on ground; in ground area; in front of building; next to ground vehicle structure; along ground; near building; at structure; outside of building; by structure; under plant; behind building',
  ),
  action('park stop', 'train', '', 'at room; in room; on ground; next to ground'),
  action(
    'decorate adorn',
    'room building food structure furniture vehicle',
    '',
    'with plant thing; for time; in plant; with food',
  ),
  action('make', 'thing structure furniture food animal', '', 'of material; out of material; from material food'),
  action('line', 'ground', '', 'with plant building vehicle structure; by plant'),
  action('dress', 'person animal', '', 'in clothing pair; as person; for time; as person'),
  action(
    'seat',
    'person folk',
    '',
    'at furniture; on furniture ground; in room vehicle; around furniture; next to person; in front of thing',
  ),
  action('attach tie chain', 'animal thing boat ride', '', 'to structure plant vehicle; to ground; with thing'),
  action(
    'display arrange show',
    'thing food container clothing',
    '',
    'on furniture; in container structure; for image; in structure',
  ),
  action(
    'stack pile',
    'thing container food',
    '',
    'on top of furniture ground; on furniture ground; in container room; against structure; by furniture; next to structure',
  ),
  action(
    'mount hang',
    'thing fixture image',
    '',
    'on structure; to structure; above fixture; from structure; over furniture',
  ),
  action('wrap', 'food thing person animal', '', 'in material clothing; around plant; in furniture; with thing'),
  action('paint print', 'image thing', '', 'on structure vehicle; with thing'),
  action('paint', 'building vehicle structure furniture', '', 'with image; in image'),
  action('perch sit', 'bird', '', 'on plant structure; on top of building structure; in plant; atop structure'),
  action(
    'place set lay',
    'thing food container',
    '',
    'on furniture ground; on top of furniture; in container; next to thing; near thing',
  ),
  action('light', 'room ground building structure', '', 'by thing; at time; with thing'),
  action('hold', 'thing animal food image', '', 'by person; in body'),
  action('pull drive', 'vehicle container', '', 'by animal person vehicle; down ground'),
  action('ride steer', 'ride boat', '', 'by person; down ground; on ground'),
  action('cut slice', 'food', '', 'into food; on furniture'),
  action('serve', 'food dish', '', 'with food dish container; on container; in container; at furniture; for person'),
  action('load pack pile', 'vehicle container ride furniture', '', 'with thing food person; into vehicle; on ground'),
  action('reflect', 'building plant person land', '', 'in fixture water; on water; off of structure'),
  action(
    'take see photograph capture',
    'image',
    '',
    'from structure building aircraft ground; of person; in area; at time; through structure',
  ),
  action('dock anchor moor', 'boat', '', 'at ground; in water; next to ground; near ground; on ground; by boat'),
  action('equip furnish', 'room', '', 'with fixture thing'),
  action('stretch string spread', 'thing', '', 'across ground; over area; between structure plant; along structure'),
  action(
    'gather crowd huddle',
    'person animal folk',
    '',
    'around furniture animal thing; in room; in area; under structure; for image',
  ),
  action('lock leave abandon', 'ride thing vehicle', '', 'to structure; on ground; in area; by ground'),
  action('build', 'building structure', '', 'of material; into ground; on ground; in area; next to water'),
  action('cook bake prepare', 'food dish', '', 'in container fixture; on fixture; by person; with dish'),
  action('connect hook plug', 'thing vehicle', '', 'to thing vehicle structure'),
  action('enclose separate', 'area ground animal', '', 'by structure; in structure; from person'),
  action('feature show picture', 'person animal thing', '', 'in image; on thing; with thing'),
  action('design shape', 'food structure thing', '', 'like animal plant thing; as animal'),
  action('carve', 'structure thing', '', 'into ground; out of material; from material'),
  action('dip soak', 'food', '', 'in dish; into container'),
  action('throw toss fly kick', 'thing', '', 'in land; over area; by person; at ground; across ground'),
];

/** Particles: "curled up", "laid out". */
export const WITH_PARTICLE: readonly Action[] = [
  action(
    'curl up',
    'animal person',
    '',
    'on furniture; in container furniture; under furniture; next to person; with thing',
  ),
  action(
    'line up',
    'vehicle person food thing boat',
    '',
    'on ground furniture; in room container; along ground; in front of building; against structure; next to ground',
  ),
  action('lay out', 'thing food clothing', '', 'on furniture ground; with thing food; in container'),
  action('set up', 'furniture structure thing', '', 'on ground; in room area; for time; outside of building'),
  action('stand up', 'person animal', '', 'on ground board; in boat vehicle; next to person; against structure'),
  action('spread out', 'thing food person', '', 'on furniture ground; over area; across furniture'),
  action('take off', 'aircraft bird', '', 'from ground; into land; over water; on ground'),
  action('cut up', 'food', '', 'on container furniture; in container'),
  action('hang out', 'person animal', '', 'on ground; in area; at room; with person; by water'),
  action('lie down', 'animal person', '', 'on ground furniture; in area plant; next to person; under plant'),
  action(
    'sit down',
    'person animal',
    '',
    'on furniture ground; at furniture; in area; to food; with person; next to animal',
  ),
  action('look out', 'person animal', '', 'over water; of structure; at land; from structure'),
  action('line up', 'folk', '', 'for image; in ground; at structure'),
  action('dress up', 'person animal', '', 'in clothing; as person animal; for time; like person'),
];
/** The same with an object behind the particle. */
export const PARTICLE_TRANSITIVE: readonly Action[] = [
  action('blow out', 'person', 'thing', 'on food; in room'),
  action('pick up', 'person animal', 'thing food', 'from ground; with body; off of furniture; in area'),
  action('hold up', 'person', 'thing food clothing', 'in room; to body; for image; in front of body'),
  action('put on', 'person', 'clothing pair', 'in room; in front of fixture'),
  action('take apart', 'person', 'thing', 'on furniture; with thing'),
  action('cut up', 'person', 'food dish', 'on furniture; with thing; in room'),
  action('try on', 'person', 'clothing pair', 'in room; in front of fixture'),
  action('clean up', 'person', 'room ground', 'with thing; after time'),
];
