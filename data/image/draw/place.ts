/** Where labels go: inside the picture, near their boxes, and beside each other. */
import type { Rectangle } from '../resize.ts';

/**
 * Places a tag for `box` in a picture of `width`×`height`.
 *
 * Tried in turn: on top of the box, inside its upper corners, below it, inside its lower corners, then rows above and
 * below, and the place that covers the least of the tags in `placed` where none is free. The tag must fit the picture.
 */
export function placeTag(
  tag: { width: number; height: number },
  box: Rectangle,
  picture: { width: number; height: number },
  placed: readonly Rectangle[],
): Rectangle {
  let best: Rectangle | null = null;
  let leastCovered = Number.POSITIVE_INFINITY;
  for (const [x, y] of candidates(tag, box, picture.height)) {
    const left = Math.min(Math.max(0, x), picture.width - tag.width);
    const top = Math.min(Math.max(0, y), picture.height - tag.height);
    const rectangle = { left, top, ...tag };
    const covered = placed.reduce((sum, other) => sum + overlap(rectangle, other), 0);
    if (covered < leastCovered) {
      leastCovered = covered;
      best = rectangle;
    }
    if (covered === 0) break;
  }
  return best!;
}

function candidates(tag: { width: number; height: number }, box: Rectangle, pictureHeight: number): [number, number][] {
  const right = box.left + box.width - tag.width;
  const above = box.top - tag.height;
  const below = box.top + box.height;
  const inside: [number, number][] = [
    [box.left, box.top],
    [right, box.top],
  ];
  const insideBelow: [number, number][] = [
    [box.left, below - tag.height],
    [right, below - tag.height],
  ];
  const onTop: [number, number][] = above >= 0 ? [[box.left, above], ...inside, [right, above]] : inside;
  const under: [number, number][] =
    below + tag.height <= pictureHeight ? [[box.left, below], ...insideBelow] : insideBelow;
  const rows: [number, number][] = [];
  for (let distance = tag.height; distance < pictureHeight; distance += tag.height) {
    rows.push([box.left, box.top + distance], [box.left, above - distance]);
  }
  return [...onTop, ...under, ...rows];
}

/** Common area of two rectangles in pixels. */
export function overlap(a: Rectangle, b: Rectangle): number {
  const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}
