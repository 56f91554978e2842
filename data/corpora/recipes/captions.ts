/** Pictures with captions. */
import { captionSequence } from '../caption-sequence.ts';
import { pictureOf } from '../picture-files.ts';
import type { Row } from '../readers/record.ts';
import { aboutPicture, type Recipe, type RecipeInput, textOf } from './recipe.ts';

export function captionRecipe({ row, record, folder, context }: RecipeInput): Recipe {
  const caption = captionOf(row);
  return aboutPicture(pictureOf(record, row, folder), context, () => captionSequence(caption, context));
}

/** `caption`, or `text` where that is absent. @throws Unusable */
export function captionOf(row: Row): string {
  return textOf(row.caption ?? row.text, 'record without a caption');
}
