/** Instructions with responses: LLaVA-Instruct, Unnatural Instructions and the Flan collection, told by their fields. */
import { instructionSequence, type Turn } from '../instruction-sequence.ts';
import { type PictureSource, pictureOf } from '../picture-files.ts';
import { Unusable } from '../problems.ts';
import type { Row } from '../readers/record.ts';
import { type Recipe, type RecipeInput, textOf, tooLong } from './recipe.ts';

const IMAGE_MARKER = '<image>';

export function instructionRecipe(input: RecipeInput): Recipe {
  const { row } = input;
  if (row.conversations !== undefined) return conversationRecipe(input);
  if (row.instances !== undefined) return recipeOf([unnaturalTurn(input)], null, input);
  return recipeOf([flanTurn(row)], null, input);
}

function recipeOf(turns: readonly Turn[], picture: PictureSource | null, { context }: RecipeInput): Recipe {
  return {
    pictures: picture ? [picture] : [],
    make(loaded) {
      const images = loaded.filter((one) => one !== null).map(({ image }) => image);
      if (images.length < loaded.length) return null;
      const sequence = instructionSequence(turns, picture ? 1 : 0, context);
      if (sequence === null) throw tooLong('not even the first instruction fits with its response');
      return { images, sequences: [sequence] };
    },
  };
}

/** Flan: `inputs`, `targets`. */
function flanTurn({ inputs, targets }: Row): Turn {
  return {
    instruction: textOf(inputs, 'record without an instruction'),
    response: textOf(targets, 'record without a response'),
  };
}

/** Unnatural Instructions: one of the instances, mostly there is one only. */
function unnaturalTurn({ row, random }: RecipeInput): Turn {
  const { instances } = row;
  if (!Array.isArray(instances) || instances.length === 0) throw new Unusable('record without instances');
  const { instruction_with_input: whole, output } = (random.pick(instances) ?? {}) as Row;
  return {
    instruction: textOf(whole, 'record without an instruction'),
    response: textOf(output, 'record without a response'),
  };
}

/** LLaVA-Instruct: turns of a person and the model about one picture, or about none. */
function conversationRecipe(input: RecipeInput): Recipe {
  const { row, record, folder } = input;
  const values = valuesOf(row.conversations);
  const isAboutPicture =
    typeof row.image === 'string' || typeof row.base64 === 'string' || (record.pictures?.size ?? 0) > 0;
  if (!isAboutPicture && values.some((value) => value.includes(IMAGE_MARKER)))
    throw new Unusable('record without a picture', `its text has ${IMAGE_MARKER}`);
  const turns: Turn[] = [];
  for (let at = 0; at + 1 < values.length; at += 2) turns.push(turnOf(values[at]!, values[at + 1]!));
  if (turns.length === 0) throw new Unusable('record without a response');
  return recipeOf(turns, isAboutPicture ? pictureOf(record, row, folder) : null, input);
}

/** What was said, a person's turns at even places. */
function valuesOf(conversations: unknown): string[] {
  if (!Array.isArray(conversations)) throw new Unusable('conversation that is no list');
  return conversations.map((value, at) => {
    const { from, value: said } = (value ?? {}) as Row;
    if (from !== (at % 2 === 0 ? 'human' : 'gpt') || typeof said !== 'string')
      throw new Unusable('conversation that does not go in turns', `conversations[${at}]`);
    return said;
  });
}

/** Questions in the form in which the published model is asked, other instructions as they are. The picture goes first anyway. */
function turnOf(said: string, answer: string): Turn {
  const text = textOf(said.replace(IMAGE_MARKER, ' ').trim(), 'record without an instruction');
  const instruction = text.endsWith('?') ? `Question: ${text} Answer:` : text;
  return { instruction, response: textOf(answer, 'record without a response') };
}
