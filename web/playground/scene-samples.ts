/** Sample pictures: scenes of the shapes world that no training sees, with things to say about them. */
import { makeScene, renderScene, type Scene } from '../../data/index.ts';
import { plural } from '../../data/shapes/attributes.ts';
import type { RgbImage } from '../../index.ts';
import type { ModeName } from './modes.ts';

/** Pixels a side; the model sees it smaller. */
const SIDE = 448;
const MOST_SUGGESTIONS = 4;

export interface SceneSample {
  readonly image: RgbImage;
  /** What to try, by mode. */
  readonly suggestions: Partial<Record<ModeName, readonly string[]>>;
}

export function sampleScene(index: number): SceneSample {
  const scene = makeScene({ seed: 1, split: 'test', index });
  return { image: renderScene(scene, SIDE), suggestions: suggestionsOf(scene) };
}

function suggestionsOf({ objects }: Scene): SceneSample['suggestions'] {
  const isAlone = (key: 'color' | 'shape', value: string) => objects.filter((one) => one[key] === value).length === 1;
  const names = [...new Set(objects.map(({ color, shape }) => `${color} ${shape}`))];
  const shapes = [...new Set(objects.map(({ shape }) => shape))];
  const questions = [
    ...objects.filter(({ shape }) => isAlone('shape', shape)).map(({ shape }) => `Which colour is the ${shape}?`),
    ...objects.filter(({ color }) => isAlone('color', color)).map(({ color }) => `What shape is the ${color} object?`),
  ];
  return {
    find: names.map((name) => `the ${name}`).slice(0, MOST_SUGGESTIONS),
    ask: [...questions.slice(0, MOST_SUGGESTIONS - 1), `How many ${plural(shapes[0])} are there?`],
    prompt: ['<grounding>Describe this image in detail:', '<grounding>An image of'],
  };
}
