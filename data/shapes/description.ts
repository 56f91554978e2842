/** Words for what objects look like: size, texture, colour, shape, in this order. */
import { ANY_SHAPE, type Color, NUMBER_WORDS, plural, type Shape, type Size, type Texture } from './attributes.ts';
import type { SceneObject } from './scene.ts';

/** What is said of an object; what is missing may be anything. */
export interface Description {
  readonly size?: Size;
  readonly texture?: Exclude<Texture, 'plain'>;
  readonly color?: Color;
  readonly shape?: Shape;
}

export type Attribute = keyof Description;

export function fits(object: SceneObject, { size, texture, color, shape }: Description): boolean {
  return (
    (size === undefined || object.size === size) &&
    (texture === undefined || object.texture === texture) &&
    (color === undefined || object.color === color) &&
    (shape === undefined || object.shape === shape)
  );
}

/** These attributes of an object. Nothing is said of a plain texture. */
export function describe(object: SceneObject, attributes: readonly Attribute[]): Description {
  const { texture } = object;
  return {
    ...(attributes.includes('size') && { size: object.size }),
    ...(attributes.includes('texture') && texture !== 'plain' && { texture }),
    ...(attributes.includes('color') && { color: object.color }),
    ...(attributes.includes('shape') && { shape: object.shape }),
  };
}

/** Everything that can be said of an object. */
export function describeFully(object: SceneObject): Description {
  return describe(object, ['size', 'texture', 'color', 'shape']);
}

/** `small striped red star`, without an article; `count` makes it plural. */
export function words({ size, texture, color, shape }: Description, count = 1): string {
  const noun = shape ?? ANY_SHAPE;
  return [size, texture, color, count === 1 ? noun : plural(noun)].filter((word) => word !== undefined).join(' ');
}

/** `a red star`, `an orange ring`, `two red stars`. */
export function indefinite(description: Description, count = 1): string {
  const noun = words(description, count);
  if (count > 1) return `${NUMBER_WORDS[count]} ${noun}`;
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

export function definite(description: Description): string {
  return `the ${words(description)}`;
}

export function capitalized(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
