/** Scenes of shapes that no word names. */
import type { Random } from '../random.ts';
import { SHAPES, type Shape } from './attributes.ts';
import type { Outline } from './outlines.ts';
import type { Scene } from './scene.ts';

/** An arrow, a dome, an hourglass, a corner, a T and a slanted box: as many as a scene has objects at most. */
const UNNAMED: readonly Outline[] = [
  (u, v) => (v <= 0.5 ? Math.abs(u - 0.5) <= v : Math.abs(u - 0.5) <= 0.2),
  (u, v) => 4 * (u - 0.5) * (u - 0.5) + (1 - v) * (1 - v) <= 1,
  (u, v) => Math.abs(u - 0.5) <= Math.abs(v - 0.5) + 0.05,
  (u, v) => u <= 0.4 || v >= 0.6,
  (u, v) => v <= 0.35 || Math.abs(u - 0.5) <= 0.18,
  (u, v) => Math.abs(u - 0.75 + v / 2) <= 0.25,
];

/** A U and an X, so that each shape with a name has one to stand for it. */
const MORE: readonly Outline[] = [
  (u, v) => Math.abs(u - 0.5) >= 0.25 || v >= 0.65,
  (u, v) => Math.abs(u - v) <= 0.2 || Math.abs(u + v - 1) <= 0.2,
];

/** What {@link rename} calls its shapes: a letter each, the same in every picture. */
export const MADE_UP_NAMES = ['B', 'C', 'D', 'E', 'F', 'G', 'H', 'J'] as const;
export type MadeUpName = (typeof MADE_UP_NAMES)[number];

/** The scene with other shapes in the same boxes, as {@link reshape}, and the made-up name of what now stands for each shape. */
export function rename(scene: Scene, random: Random): { scene: Scene; names: ReadonlyMap<Shape, MadeUpName> } {
  const outlines = [...UNNAMED, ...MORE];
  const places = random.shuffled(outlines.map((_, place) => place));
  const placeOf = (shape: Shape) => places[SHAPES.indexOf(shape)];
  return {
    scene: {
      ...scene,
      objects: scene.objects.map((object) => ({ ...object, outline: outlines[placeOf(object.shape)] })),
    },
    names: new Map(SHAPES.map((shape) => [shape, MADE_UP_NAMES[placeOf(shape)]])),
  };
}

/** The scene with other shapes in the same boxes; what had one shape has one again. */
export function reshape(scene: Scene, random: Random): Scene {
  const left = [...UNNAMED];
  const outlines = new Map<Shape, Outline>();
  for (const { shape } of scene.objects)
    if (!outlines.has(shape)) outlines.set(shape, left.splice(random.between(0, left.length - 1), 1)[0]);
  return { ...scene, objects: scene.objects.map((object) => ({ ...object, outline: outlines.get(object.shape) })) };
}
