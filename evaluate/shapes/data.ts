/** The shapes world as data of a task: `shapes:test` and the like. */
import {
  renderScene,
  SHAPES_SPLITS,
  type ShapesItems,
  type ShapesSplit,
  type ShapesTask,
  shapesEvaluation,
} from '../../data/index.ts';
import type { PictureSource } from '../run/pictures.ts';
import type { TaskRequest } from '../task.ts';

const PREFIX = 'shapes:';
/** Items where no limit is given. */
const COUNT = 500;

export function isShapesData(data: string): boolean {
  return data.startsWith(PREFIX);
}

/** @throws Error for a split that does not exist */
export function shapesSplit(data: string): ShapesSplit {
  const name = data.slice(PREFIX.length);
  const split = SHAPES_SPLITS.find((one) => one === name);
  if (split) return split;
  throw new Error(`${data}: there are ${SHAPES_SPLITS.map((one) => PREFIX + one).join(', ')}`);
}

/** The first items of a task; `least` of them where the limit is lower. */
export function shapesItems<Task extends ShapesTask>(
  task: Task,
  { data, seed = 1, limit = COUNT }: TaskRequest,
  least = 0,
): ShapesItems[Task][] {
  return shapesEvaluation({ seed, split: shapesSplit(data), count: Math.max(limit, least), task });
}

type ShapesItem = ShapesItems[ShapesTask];

/** Scenes have no pixels of their own: they are drawn as large as they are wanted. */
export function sceneOf({ id, scene }: Pick<ShapesItem, 'id' | 'scene'>): PictureSource {
  return { key: id, draw: (side) => renderScene(scene, side) };
}
