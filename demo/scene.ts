/** The demo's picture: a scene of the shapes world that no training has seen. `scene.png` beside this file is the same picture. */
import { type Box, makeScene, type RgbImage, renderScene, type Scene } from '../data/index.ts';
import { boxOf } from '../data/shapes/scene.ts';

export const DEMO_SCENE: Scene = makeScene({ seed: 1, split: 'test', index: 9 });

/** Pixels a side; the model sees it smaller. */
const SIDE = 448;

export function drawScene(): RgbImage {
  return renderScene(DEMO_SCENE, SIDE);
}

/** Where the object of this look is. */
export function boxOfObject(color: string, shape: string): Box {
  const found = DEMO_SCENE.objects.find((object) => object.color === color && object.shape === shape);
  if (!found) throw new Error(`the demo's scene has no ${color} ${shape}`);
  return boxOf(found);
}
