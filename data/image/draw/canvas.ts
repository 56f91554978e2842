/** Painting on an RGB picture. */
import type { RgbImage } from '../image.ts';
import type { Rectangle } from '../resize.ts';
import type { TextMask } from './font.ts';

export type Color = readonly [red: number, green: number, blue: number];

/** Mixes `color` into the pixels of a rectangle; parts outside the picture are left out. */
export function fillRectangle(image: RgbImage, rectangle: Rectangle, color: Color, opacity: number): void {
  const left = Math.max(0, rectangle.left);
  const right = Math.min(image.width, rectangle.left + rectangle.width);
  const top = Math.max(0, rectangle.top);
  const bottom = Math.min(image.height, rectangle.top + rectangle.height);
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) blend(image, x, y, color, opacity);
  }
}

/** Draws the frame between `rectangle` and the same rectangle shrunk by `thickness` on every side. */
export function strokeRectangle(
  image: RgbImage,
  { left, top, width, height }: Rectangle,
  thickness: number,
  color: Color,
  opacity: number,
): void {
  const across = Math.min(thickness, Math.ceil(width / 2));
  const down = Math.min(thickness, Math.ceil(height / 2));
  fillRectangle(image, { left, top, width, height: down }, color, opacity);
  fillRectangle(image, { left, top: top + height - down, width, height: down }, color, opacity);
  const sides = { top: top + down, height: height - 2 * down, width: across };
  fillRectangle(image, { ...sides, left }, color, opacity);
  fillRectangle(image, { ...sides, left: left + width - across }, color, opacity);
}

/** Draws dashes of that length, and gaps as long, where {@link strokeRectangle} draws its frame. */
export function dashRectangle(image: RgbImage, frame: Rectangle, thickness: number, dash: number, color: Color): void {
  const { left, top, width, height } = frame;
  const across = Math.min(thickness, Math.ceil(width / 2));
  const down = Math.min(thickness, Math.ceil(height / 2));
  for (let at = 0; at < width; at += 2 * dash) {
    const piece = { left: left + at, width: Math.min(dash, width - at), height: down };
    fillRectangle(image, { ...piece, top }, color, 1);
    fillRectangle(image, { ...piece, top: top + height - down }, color, 1);
  }
  for (let at = 0; at < height; at += 2 * dash) {
    const piece = { top: top + at, height: Math.min(dash, height - at), width: across };
    fillRectangle(image, { ...piece, left }, color, 1);
    fillRectangle(image, { ...piece, left: left + width - across }, color, 1);
  }
}

/** Copies a picture with its top left corner to (`left`, `top`); it must lie inside. */
export function pastePicture(image: RgbImage, picture: RgbImage, left: number, top: number): void {
  for (let y = 0; y < picture.height; y++) {
    const row = picture.data.subarray(y * picture.width * 3, (y + 1) * picture.width * 3);
    image.data.set(row, ((top + y) * image.width + left) * 3);
  }
}

/** Prints a text with its top left corner at (`left`, `top`). */
export function printText(image: RgbImage, mask: TextMask, left: number, top: number, color: Color): void {
  for (let y = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++) {
      const ink = mask.coverage[y * mask.width + x];
      const inside = left + x >= 0 && left + x < image.width && top + y >= 0 && top + y < image.height;
      if (ink > 0 && inside) blend(image, left + x, top + y, color, ink);
    }
  }
}

function blend(image: RgbImage, x: number, y: number, color: Color, opacity: number): void {
  const at = (y * image.width + x) * 3;
  for (let channel = 0; channel < 3; channel++) {
    const below = image.data[at + channel];
    image.data[at + channel] = Math.round(below + (color[channel] - below) * opacity);
  }
}
