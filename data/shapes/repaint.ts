/** Scenes in colours that no word names. */
import type { Random } from '../random.ts';
import type { Color } from './attributes.ts';
import type { Scene } from './scene.ts';

/** Arcs of hues in degrees, each 20 or more from every colour with a name: lime, cyan, indigo, pink. */
const HUES = [
  [73, 111],
  [151, 206],
  [248, 262],
  [304, 339],
] as const;
/** In hundredths, as in HSV; dark tones are the backgrounds'. */
const SATURATION = [40, 100] as const;
const VALUE = [65, 100] as const;

/** The scene with other colours; what had one colour has one again. */
export function repaint(scene: Scene, random: Random): Scene {
  const tones = new Map<Color, readonly [number, number, number]>();
  const objects = scene.objects.map((object) => {
    const rgb = tones.get(object.color) ?? unnamedColor(random);
    tones.set(object.color, rgb);
    return { ...object, rgb };
  });
  return { ...scene, objects };
}

function unnamedColor(random: Random): readonly [number, number, number] {
  const [from, to] = random.pick(HUES);
  const hue = random.between(from, to);
  const saturation = random.between(...SATURATION) / 100;
  const value = random.between(...VALUE) / 100;
  // red, green and blue by their distance in hue, as between HSV and RGB
  const channel = (offset: number) => {
    const sector = (offset + hue / 60) % 6;
    return Math.round(255 * value * (1 - saturation * Math.max(0, Math.min(sector, 4 - sector, 1))));
  };
  return [channel(5), channel(3), channel(1)];
}
