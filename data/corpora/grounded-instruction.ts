/**
 * Instructions made from boxes and expressions (KOSMOS-2, section 3.3 and table 9): describe what is in a box, or find what an
 * expression means.
 */
import { countCodePoints } from '../grit/spans.ts';
import type { Box } from '../grounding/patches.ts';
import type { TrainingSequence } from './example.ts';
import { SequenceBuilder } from './sequence.ts';
import { objectIds, plainIds, taggedIds } from './tagged-text.ts';
import { type SequenceContext, tagId } from './tags.ts';

/** The published templates: what stands before the phrase that gets the box, the phrase, and what follows it up to the answer. */
export const REFERRING_TEMPLATES = [
  { before: 'What is ', phrase: 'it', after: '? It is' },
  { before: 'What is ', phrase: 'this', after: '? This is' },
  { before: 'Describe ', phrase: 'this object', after: '. This object is' },
  { before: '', phrase: 'It', after: ' is' },
  { before: '', phrase: 'This', after: ' is' },
  { before: '', phrase: 'The object', after: ' is' },
] as const;

export interface GroundedInstructionOptions {
  /** `<grounding>` in front. It is not published whether it was; the published model is prompted with it. Default true. */
  readonly groundingTag?: boolean;
}

/**
 * Referring: the box is given, `expression.` is the answer.
 *
 * @param template index into `REFERRING_TEMPLATES`
 * @param box in fractions of what the model sees
 * @returns null where the tokenizer makes one token of the prompt's end and the answer's start
 */
export function referringSequence(
  expression: string,
  box: Box,
  template: number,
  context: SequenceContext,
  options: GroundedInstructionOptions = {},
): TrainingSequence | null {
  const { before, phrase, after } = REFERRING_TEMPLATES[template]!;
  const prompt = before + phrase + after;
  const start = countCodePoints(before);
  const span = { start, end: start + countCodePoints(phrase), boxes: [box] };
  const given = taggedIds(prompt, [span], context);
  const whole = taggedIds(`${prompt} ${expression}.`, [span], context);
  if (!given || !whole || !given.every((id, at) => id === whole[at])) return null;
  return opened(context, options).given(given).scored(whole.slice(given.length)).end().build();
}

/** Grounding: the expression is given, its boxes are the answer. */
export function groundingSequence(
  expression: string,
  boxes: readonly Box[],
  context: SequenceContext,
  options: GroundedInstructionOptions = {},
): TrainingSequence {
  const { tokenizer } = context;
  const [open, close] = [tagId(tokenizer, 'phrase'), tagId(tokenizer, 'phraseEnd')];
  return opened(context, options)
    .given([open, ...plainIds(tokenizer, expression), close])
    .scored(objectIds(boxes, context))
    .end()
    .build();
}

function opened(context: SequenceContext, { groundingTag = true }: GroundedInstructionOptions): SequenceBuilder {
  const builder = new SequenceBuilder(context).image();
  return groundingTag ? builder.given([tagId(context.tokenizer, 'grounding')]) : builder;
}
