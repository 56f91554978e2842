/** Pictures with captions whose expressions have boxes, as GRIT holds them. */
import { captionSequence, groundedSequence } from '../caption-sequence.ts';
import { pictureOf } from '../picture-files.ts';
import { Unusable } from '../problems.ts';
import { boxRows, groupsSeen } from './boxes.ts';
import { captionOf } from './captions.ts';
import { aboutPicture, type Recipe, type RecipeInput } from './recipe.ts';

/** By chance, or where no box is left, the caption goes without tags, as in the published training. */
export function groundedRecipe(input: RecipeInput): Recipe {
  const { row, record, folder, random, config, context } = input;
  const caption = captionOf(row);
  const rows = boxRows(input);
  const isUntagged = random.chance(config.untaggedShare);
  return aboutPicture(pictureOf(record, row, folder), context, (picture) => {
    const groups = isUntagged ? [] : groupsSeen(rows, picture, input);
    if (groups.length === 0) return captionSequence(caption, context);
    const sequence = groundedSequence(caption, groups, context);
    if (sequence) return sequence;
    throw new Unusable('caption with a span that cuts a word', groups.map(({ text }) => text).join(' | '));
  });
}
