/** What `prompts.json` and `processor.json` have in common: a call of the processor, and how its result is compared. */
import type { ProcessedText, ProcessOptions } from '../../data/processor.ts';
import type { Json } from './json.ts';

/** The processor's padding option for the Python argument. */
export function paddingOf(value: Json): ProcessOptions['padding'] {
  if (value === undefined || value === false || value === 'do_not_pad') return 'none';
  return value === 'max_length' ? 'max_length' : 'longest';
}

/** The result under the reference's names; of a single text its only row, unless the case asks for a batch. */
export function referenceForm(result: ProcessedText, batched: boolean): Json {
  const rows = (matrix: number[][]) => (batched ? matrix : matrix[0]);
  return {
    input_ids: rows(result.inputIds),
    attention_mask: rows(result.attentionMask),
    ...(result.imageEmbedsPositionMask && { image_embeds_position_mask: rows(result.imageEmbedsPositionMask) }),
  };
}
