/** A colour for each entity, and the ink that can be read on it. */
import type { Color } from './canvas.ts';

/** Twelve colours that are easy to tell apart, neighbours most of all. */
const PALETTE: readonly Color[] = [
  [230, 48, 62],
  [30, 120, 230],
  [250, 190, 20],
  [35, 150, 65],
  [155, 80, 225],
  [250, 125, 20],
  [0, 185, 200],
  [228, 60, 155],
  [150, 195, 30],
  [140, 90, 45],
  [70, 85, 170],
  [150, 155, 160],
];

/** The colour of the entity with this number; beyond the palette, hues a golden angle apart. */
export function entityColor(index: number): Color {
  return index < PALETTE.length ? PALETTE[index] : hueColor((index * 137.508) % 360);
}

/** A strong colour of medium lightness. `hue` in degrees. */
function hueColor(hue: number): Color {
  const channel = (offset: number) => {
    const position = (offset + hue / 30) % 12;
    const lightness = 0.5 - 0.42 * Math.max(-1, Math.min(position - 3, 9 - position, 1));
    return Math.round(255 * lightness);
  };
  return [channel(0), channel(8), channel(4)];
}

/** White where it stands out at 3:1 (contrast of WCAG 2), for it looks calmer on strong colours, else black. */
export function inkOn([red, green, blue]: Color): Color {
  const linear = (value: number) => (value / 255) ** 2.2;
  const luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  return 1.05 / (luminance + 0.05) >= 3 ? [255, 255, 255] : [0, 0, 0];
}
