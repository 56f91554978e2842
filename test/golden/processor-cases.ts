/** `processor.json`: calls of the processor, one image per text or none. */
import { join } from 'node:path';
import type { TextBoxes } from '../../data/grounding.ts';
import { Processor } from '../../data/processor.ts';
import type { GoldenCase } from './case.ts';
import { equalCase, type Json, readJson, refusedCase } from './json.ts';
import { paddingOf, referenceForm } from './processor-call.ts';
import { loadTokenizer } from './tokenizer-file.ts';

export async function checkProcessorCases(folder: string, tokenizerFile: string | null): Promise<GoldenCase[]> {
  const processor = new Processor(await loadTokenizer(tokenizerFile));
  const cases: Json[] = await readJson(join(folder, 'processor.json'));
  return cases.map((entry, index) => {
    const name = `processor.json ${index}`;
    const call = () => process(processor, entry);
    return entry.error ? refusedCase(name, call) : equalCase(name, call(), entry.expected);
  });
}

function process(processor: Processor, entry: Json): Json {
  const batched = Array.isArray(entry.text);
  const images = entry.image ? 1 : 0;
  const result = processor.process(entry.text, {
    images: batched ? entry.text.map(() => images) : images,
    bboxes: boxesOf(entry.bboxes) as TextBoxes,
    addEosToken: entry.add_eos_token,
    addSpecialTokens: entry.add_special_tokens,
    padding: paddingOf(entry.padding),
    maxLength: entry.max_length,
    padToMultipleOf: entry.pad_to_multiple_of,
    paddingSide: entry.padding_side,
  });
  return referenceForm(result, batched);
}

/** `patches` of the file is `patch` here. */
function boxesOf(value: Json): unknown {
  if (Array.isArray(value)) return value.map(boxesOf);
  return value?.patches ? { patch: value.patches } : value;
}
