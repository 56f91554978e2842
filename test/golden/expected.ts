/**
 * `expected.json` with `expected.safetensors`: whole runs from picture and prompt to text and boxes. Each stage starts from what
 * is stored before it, so that a deviation shows where it arises.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { postProcessGeneration } from '../../data/grounding.ts';
import { decodeImage } from '../../data/image/decode.ts';
import type { RgbImage } from '../../data/image/image.ts';
import {
  KOSMOS2_PREPROCESSOR,
  preprocess,
  readPreprocessorConfig,
  resizeAndCrop,
} from '../../data/image/preprocess.ts';
import { Processor } from '../../data/processor.ts';
import type { Tokenizer } from '../../data/tokenizer.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { Generator } from '../../model/generate.ts';
import type { Kosmos2 } from '../../model/kosmos2.ts';
import type { GoldenCase } from './case.ts';
import { checkGreedy, type GreedyRun, runGreedily, singleRow } from './greedy.ts';
import { equalCase, type Json, readJson, readOptionalJson } from './json.ts';
import {
  deviationCase,
  type FloatTensor,
  readFloats,
  TensorFile,
  tensorCase,
  unknownTensorCase,
} from './tensor-file.ts';
import { loadTokenizer } from './tokenizer-file.ts';

const FILE = 'expected.json';
const TENSORS = 'expected.safetensors';
/** Of means of 8-bit values, which are exact but for the order of a sum. */
const MEAN_TOLERANCE = 1e-9;
/** The stored word for why a run ended, and this implementation's. */
const STOPPED: Readonly<Record<string, string>> = { eos: 'end', max_new_tokens: 'length' };

/** What the checks of one folder share. */
interface Folder {
  readonly path: string;
  readonly golden: Json;
  readonly tensors: TensorFile;
  readonly model: Kosmos2;
}

export async function checkExpected(path: string, tokenizerFile: string | null, model: Kosmos2): Promise<GoldenCase[]> {
  const golden = await readJson(join(path, FILE));
  const tokenizer = await loadTokenizer(tokenizerFile ?? join(path, golden.tokenizer));
  const processor = Processor.fromConfig(tokenizer, await readJson(join(path, 'config.json')));
  const tensors = await TensorFile.open(join(path, TENSORS));
  const images: Tensor[] = [];
  try {
    const folder = { path, golden, tensors, model };
    return [
      ...(await checkPictures(folder, images)),
      ...(await checkGenerations(folder, processor, images)),
      ...tensors.names
        .filter((name) => !KNOWN_TENSOR.test(name))
        .map((name) => unknownTensorCase(`${TENSORS} ${name}`)),
    ];
  } finally {
    for (const tensor of images) tensor.dispose();
    await tensors.close();
  }
}

const KNOWN_TENSOR = /^(resized_\d+|pixel_values\.\d+|vision\..*|image_embeds|logits_after_prompt\.\d+\.\d+)$/;

/** Pictures up to their vectors, which are added to `images`. */
async function checkPictures({ path, golden, tensors, model }: Folder, images: Tensor[]): Promise<GoldenCase[]> {
  const settings = await readOptionalJson(join(path, 'preprocessor_config.json'));
  const config = settings ? readPreprocessorConfig(settings) : KOSMOS2_PREPROCESSOR;
  const resized = await storedResized(tensors);
  const computed = new Map<string, FloatTensor[]>();
  const cases: GoldenCase[] = [];
  for (const [index, record] of golden.images.entries()) {
    const decoded = await decodeImage(new Uint8Array(await readFile(join(path, record.file))));
    const own = resizeAndCrop(decoded, config);
    cases.push(...checkDecoded(`${FILE} ${record.file}`, record, decoded, own));
    if (resized) cases.push(sameValues(`${TENSORS} resized, picture ${index}`, own.data, resized[index].data));
    const { data, width, height } = preprocess(resized?.[index] ?? own, config);
    const key = `pixel_values.${index}`;
    if (tensors.has(key)) cases.push(sameValues(`${TENSORS} ${key}`, data, (await tensors.floats(key)).data));
    const { vectors, taps } = await model.encodeImagesTapped({ data, shape: [1, 3, height, width] });
    images.push(vectors);
    for (const [name, tensor] of Object.entries({ ...taps, image_embeds: vectors })) {
      computed.set(name, [...(computed.get(name) ?? []), await readFloats(tensor)]);
    }
    for (const tensor of Object.values(taps)) tensor.dispose();
  }
  for (const name of tensors.names.filter((one) => one === 'image_embeds' || one.startsWith('vision.'))) {
    const all = computed.get(name);
    const label = `${TENSORS} ${name}`;
    cases.push(all ? tensorCase(label, stacked(all), await tensors.floats(name)) : unknownTensorCase(label));
  }
  return cases;
}

/** The stored pictures after resizing, U8 [n, H, W, 3] under `resized_<size>`; null where the file has none. */
async function storedResized(tensors: TensorFile): Promise<RgbImage[] | null> {
  const name = tensors.names.find((one) => /^resized_\d+$/.test(one));
  if (!name) return null;
  const [count, height, width] = tensors.shape(name);
  const bytes = await tensors.bytes(name);
  const size = height * width * 3;
  return Array.from({ length: count }, (_, i) => ({ width, height, data: bytes.slice(i * size, (i + 1) * size) }));
}

function checkDecoded(name: string, record: Json, decoded: RgbImage, resized: RgbImage): GoldenCase[] {
  const { width, height, data } = decoded;
  const pixels = (first: number) =>
    Array.from({ length: 4 }, (_, i) => Array.from(data.subarray((first + i) * 3, (first + i) * 3 + 3)));
  const means = [0, 1, 2].map((channel) => {
    let sum = 0;
    for (let i = channel; i < data.length; i += 3) sum += data[i];
    return sum / (width * height);
  });
  const deviations = means.map((mean, channel) => Math.abs(mean - record.decoded_rgb_mean[channel]));
  const resizedHash = Object.entries(record).find(([key]) => /^resized_\d+_sha256$/.test(key))?.[1];
  return [
    equalCase(`${name} size`, [width, height], [record.width, record.height]),
    equalCase(`${name} decoded`, sha256(data), record.decoded_rgb_sha256),
    equalCase(`${name} first pixels`, pixels(0), record.decoded_first_row_first_4_pixels),
    equalCase(`${name} last pixels`, pixels(width * height - 4), record.decoded_last_row_last_4_pixels),
    deviationCase(`${name} mean`, Math.max(...deviations), MEAN_TOLERANCE),
    equalCase(`${name} resized`, sha256(resized.data), resizedHash),
  ];
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Exact equality, with the largest difference where there is one. */
function sameValues(name: string, actual: ArrayLike<number>, stored: ArrayLike<number>): GoldenCase {
  let deviation = actual.length === stored.length ? 0 : Number.NaN;
  for (let i = 0; i < stored.length; i++) deviation = Math.max(deviation, Math.abs(actual[i] - stored[i]));
  return deviationCase(name, deviation, 0);
}

/** Tensors [1, …] as one [n, …]. */
function stacked(tensors: readonly FloatTensor[]): FloatTensor {
  const size = tensors[0].data.length;
  const data = new Float32Array(tensors.length * size);
  for (const [i, tensor] of tensors.entries()) data.set(tensor.data, i * size);
  return { data, shape: [tensors.length, ...tensors[0].shape.slice(1)] };
}

async function checkGenerations(
  folder: Folder,
  processor: Processor,
  images: readonly Tensor[],
): Promise<GoldenCase[]> {
  const { golden, tensors, model } = folder;
  const generator = new Generator(model);
  const cases: GoldenCase[] = [];
  const promptsSeen = new Map<number, number>();
  try {
    for (const [index, stored] of golden.generations.entries()) {
      const name = `${FILE} generation ${index}`;
      const batch = singleRow(stored.input_ids, stored.image_embeds_position_mask);
      const settings = { maxNewTokens: golden.max_new_tokens, ngram: golden.no_repeat_ngram_size };
      const run = await runGreedily(generator, batch, images[stored.image], settings);
      const place = promptsSeen.get(stored.image) ?? 0;
      promptsSeen.set(stored.image, place + 1);
      cases.push(
        ...checkPrompt(name, processor, stored),
        ...(await checkGreedy(name, model, run, stored)),
        equalCase(`${name} stopped`, run.stopped, STOPPED[stored.stopped] ?? stored.stopped),
        ...checkText(name, processor.tokenizer, run, stored),
        ...(await checkFirstLogits(tensors, `logits_after_prompt.${stored.image}.${place}`, run)),
      );
    }
    return cases;
  } finally {
    generator.dispose();
  }
}

/** The prompt through the processor. */
function checkPrompt(name: string, processor: Processor, stored: Json): GoldenCase[] {
  const { inputIds, imageEmbedsPositionMask } = processor.process(stored.prompt, { images: 1 });
  return [
    equalCase(`${name} prompt ids`, inputIds[0], stored.input_ids),
    equalCase(`${name} image mask`, imageEmbedsPositionMask?.[0], stored.image_embeds_position_mask),
  ];
}

/** What the generated ids mean. */
function checkText(name: string, tokenizer: Tokenizer, run: GreedyRun, stored: Json): GoldenCase[] {
  const decoded = tokenizer.decode([...run.prompt, ...run.ids], { cleanUpSpaces: true });
  const { text, entities } = postProcessGeneration(decoded);
  const found = entities.map(({ text: phrase, span, boxes }) => ({ name: phrase, span, boxes }));
  return [
    equalCase(`${name} decoded`, decoded, stored.decoded),
    equalCase(`${name} caption`, postProcessGeneration(decoded, { cleanup: false }).text, stored.caption),
    equalCase(`${name} text`, text, stored.text),
    equalCase(`${name} entities`, found, stored.entities),
  ];
}

/** The logits of the last prompt position, where the file has them. */
async function checkFirstLogits(tensors: TensorFile, key: string, run: GreedyRun): Promise<GoldenCase[]> {
  if (!tensors.has(key)) return [];
  const [logits] = run.logits;
  return [tensorCase(`${TENSORS} ${key}`, { data: logits, shape: [logits.length] }, await tensors.floats(key))];
}
