/** Instructions made of the boxes and expressions of GRIT: one of each record in each epoch. */
import type { TrainingSequence } from '../example.ts';
import { groundingSequence, REFERRING_TEMPLATES, referringSequence } from '../grounded-instruction.ts';
import type { LoadedPicture } from '../picture.ts';
import { pictureOf } from '../picture-files.ts';
import { Unusable } from '../problems.ts';
import { boxRows, groupsSeen } from './boxes.ts';
import { aboutPicture, type Recipe, type RecipeInput } from './recipe.ts';

export function groundedInstructionRecipe(input: RecipeInput): Recipe {
  const { row, record, folder, random, config, context } = input;
  const { groundingTag, groundingShare } = config;
  const rows = boxRows(input);
  const sequenceOf = (picture: LoadedPicture): TrainingSequence => {
    const groups = groupsSeen(rows, picture, input);
    if (groups.length === 0) throw new Unusable('record of which no box is left');
    const { text, boxes } = random.pick(groups);
    const expression = text.trim();
    // The templates have room for one box.
    if (random.chance(groundingShare) || boxes.length > 1)
      return groundingSequence(expression, boxes, context, { groundingTag });
    const template = random.below(REFERRING_TEMPLATES.length);
    const sequence = referringSequence(expression, boxes[0]!, template, context, { groundingTag });
    if (sequence) return sequence;
    throw new Unusable('expression that joins the instruction before it', expression);
  };
  return aboutPicture(pictureOf(record, row, folder), context, sequenceOf);
}
