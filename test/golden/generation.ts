/** `generation.json` with `generation_inputs.safetensors`: greedy search, beam search, and the prompts as one padded batch. */
import { join } from 'node:path';
import type { Tensor } from '../../engine/tensor.ts';
import type { TokenBatch } from '../../model/batch.ts';
import { Generator } from '../../model/generate.ts';
import type { Kosmos2, PixelBatch } from '../../model/kosmos2.ts';
import type { GoldenCase } from './case.ts';
import { checkGreedy, LOG_PROBABILITY_TOLERANCE, runGreedily, singleRow } from './greedy.ts';
import { equalCase, type Json, readJson } from './json.ts';
import { deviationCase, picturesOf, TensorFile } from './tensor-file.ts';

const FILE = 'generation.json';

export async function checkGeneration(folder: string, model: Kosmos2): Promise<GoldenCase[]> {
  const golden = await readJson(join(folder, FILE));
  const inputs = await TensorFile.open(join(folder, 'generation_inputs.safetensors'));
  const generator = new Generator(model);
  try {
    const pixels = await inputs.pixels('pixel_values');
    const cases: GoldenCase[] = [];
    for (const [index, prompt] of golden.prompts.entries()) {
      cases.push(...(await checkPrompt(`${FILE} prompt ${index}`, generator, model, pixels, golden, prompt)));
    }
    if (golden.left_padded_batch) cases.push(...(await checkPadded(generator, model, pixels, golden, inputs)));
    return cases;
  } finally {
    generator.dispose();
    await inputs.close();
  }
}

async function checkPrompt(
  name: string,
  generator: Generator,
  model: Kosmos2,
  pixels: PixelBatch,
  golden: Json,
  prompt: Json,
): Promise<GoldenCase[]> {
  const images = await model.encodeImages(picturesOf(pixels, [prompt.image]));
  try {
    const batch = singleRow(prompt.input_ids, prompt.image_embeds_position_mask);
    const cases: GoldenCase[] = [];
    for (const stored of prompt.greedy) {
      const ngram: number = stored.no_repeat_ngram_size;
      const run = await runGreedily(generator, batch, images, { maxNewTokens: golden.max_new_tokens, ngram });
      cases.push(...(await checkGreedy(`${name} greedy, ${ngram}-grams`, model, run, stored)));
    }
    for (const stored of prompt.beam) {
      cases.push(...(await checkBeams(name, generator, batch, images, golden.max_new_tokens, stored)));
    }
    return cases;
  } finally {
    images.dispose();
  }
}

async function checkBeams(
  name: string,
  generator: Generator,
  batch: TokenBatch,
  images: Tensor,
  maxNewTokens: number,
  stored: Json,
): Promise<GoldenCase[]> {
  const { no_repeat_ngram_size: ngram, early_stopping: earlyStopping, length_penalty: lengthPenalty } = stored;
  const settings = `${ngram}-grams, ${earlyStopping ? 'early stopping' : 'no early stopping'}, length penalty ${lengthPenalty}`;
  const [found] = await generator.beamSearch(batch, images, {
    beams: stored.num_beams,
    maxNewTokens,
    noRepeatNgramSize: ngram,
    earlyStopping,
    lengthPenalty,
  });
  const sequences: Json[] = stored.sequences;
  const ids = found.slice(0, stored.num_return_sequences).map((one) => one.ids);
  const deviations = sequences.map(({ score }, i) => Math.abs((found[i]?.score ?? Number.NaN) - score));
  return [
    equalCase(
      `${name} ${stored.num_beams} beams, ${settings} ids`,
      ids,
      sequences.map((one) => one.generated_ids),
    ),
    deviationCase(
      `${name} ${stored.num_beams} beams, ${settings} scores`,
      Math.max(...deviations),
      LOG_PROBABILITY_TOLERANCE,
    ),
  ];
}

async function checkPadded(
  generator: Generator,
  model: Kosmos2,
  pixels: PixelBatch,
  golden: Json,
  inputs: TensorFile,
): Promise<GoldenCase[]> {
  const { rows, no_repeat_ngram_size: noRepeatNgramSize, greedy_generated_ids: expected } = golden.left_padded_batch;
  const which = rows.map((row: number) => golden.prompts[row].image);
  const images = await model.encodeImages(picturesOf(pixels, which));
  try {
    const batch = {
      inputIds: await inputs.rows('left_padded.input_ids'),
      attentionMask: await inputs.rows('left_padded.attention_mask'),
      imageEmbedsPositionMask: await inputs.rows('left_padded.image_embeds_position_mask'),
    };
    const { max_new_tokens: maxNewTokens } = golden;
    const found = await generator.generate(batch, images, { maxNewTokens, noRepeatNgramSize });
    return expected.map((ids: number[], row: number) =>
      equalCase(`${FILE} left-padded batch, row ${row} ids`, found[row]?.ids, ids),
    );
  } finally {
    images.dispose();
  }
}
