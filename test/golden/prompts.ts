/** `prompts.json`: calls of the processor with texts, numbers of images and boxes. */
import { join } from 'node:path';
import { insertBoxes, type TextBoxes } from '../../data/grounding.ts';
import { type ProcessOptions, Processor } from '../../data/processor.ts';
import type { Tokenizer } from '../../data/tokenizer.ts';
import { strip } from '../../data/white-space.ts';
import type { GoldenCase } from './case.ts';
import { equalCase, type Json, messageOf, readJson, refusedCase, sameJson } from './json.ts';
import { paddingOf, referenceForm } from './processor-call.ts';
import { loadTokenizer } from './tokenizer-file.ts';

export async function checkPrompts(folder: string, tokenizerFile: string | null): Promise<GoldenCase[]> {
  const tokenizer = await loadTokenizer(tokenizerFile);
  const { cases } = await readJson(join(folder, 'prompts.json'));
  return cases.flatMap((entry: Json) => checkCase(tokenizer, entry));
}

function checkCase(tokenizer: Tokenizer, entry: Json): GoldenCase[] {
  const name = `prompts.json ${entry.id}`;
  if (entry.python_only) {
    return [{ name, deviation: 'skipped', tolerance: 'skipped', ok: true, detail: 'turns on Python types' }];
  }
  const call = () => process(tokenizer, entry);
  if (entry.error) return [refusedCase(name, call)];
  if (entry.may_refuse && messageOf(call) !== null) return [refusedCase(name, call)];
  if (entry.text === null) {
    const detail = 'images only: nothing for the text side';
    return [{ ...equalCase(name, entry.expect, {}), detail }];
  }
  const result = call();
  const expected = [entry.expect, ...Object.values(entry.also_acceptable ?? {})];
  const accepted = expected.find((candidate) => sameJson(result, candidate)) ?? entry.expect;
  const boxed = boxedText(entry, new Processor(tokenizer).gridSize);
  return [equalCase(name, result, accepted), equalCase(`${name} text`, boxed, entry.text_with_boxes)];
}

function process(tokenizer: Tokenizer, entry: Json): Json {
  const options = entry.options;
  const processor = new Processor(tokenizer, {
    numImageTokens: options.num_image_tokens,
    firstImageTokenId: options.first_image_token_id,
  });
  const result = processor.process(entry.text, {
    images: imagesOf(entry),
    bboxes: boxesOf(entry.bboxes) as TextBoxes,
    addEosToken: options.add_eos_token,
    addSpecialTokens: options.add_special_tokens,
    padding: paddingOf(options.padding),
    maxLength: options.max_length,
    padToMultipleOf: options.pad_to_multiple_of,
    paddingSide: options.padding_side,
  });
  return referenceForm(result, Array.isArray(entry.text) || options.return_tensors !== undefined);
}

/** A batch gets one image per text; a number of images that is not that of the texts stays wrong. */
function imagesOf(entry: Json): ProcessOptions['images'] {
  if (entry.images === null) return undefined;
  return Array.isArray(entry.text) ? new Array(entry.images).fill(1) : entry.images;
}

function boxedText(entry: Json, gridSize: number): string | string[] {
  const boxed = (text: string, bboxes: Json) => insertBoxes(strip(text), boxesOf(bboxes) as TextBoxes, gridSize);
  if (!Array.isArray(entry.text)) return boxed(entry.text, entry.bboxes);
  return entry.text.map((text: string, index: number) => boxed(text, entry.bboxes?.[index] ?? null));
}

/** The box argument as this library takes it; what is malformed there comes out malformed here. */
function boxesOf(value: Json): unknown {
  if (Array.isArray(value)) return value.map(boxesOf);
  if (value === null || typeof value !== 'object') return value;
  if (value.box) return { box: value.box.map(Number) };
  if (value.tuple) return { patch: value.tuple };
  return 'value' in value ? value.value : value;
}
