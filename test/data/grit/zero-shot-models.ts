/** Very small detectors with random weights, as `@huggingface/transformers` loads them, and what they are sure of, worked out by hand. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomValues } from '../../../bench/data.ts';
import { OnnxGraph } from '../../../bench/engines/onnx/graph.ts';

/** Pixels of a patch along each side. */
export const PATCH = 4;
/** How wide and high OWLv2 makes a picture, in pixels; Grounding DINO makes its shorter side so long. */
export const SIDE = 16;
/** Grounding DINO has a logit for each of so many words, whatever the text has. */
const TEXT_LENGTH = 256;
const WIDTH = 6;
const WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '.', 'a', 'red', 'dog', 'blue', 'star', 'big'];

/** A patch has a vector, which its three colours by the kernel give; a logit is its product with a word's, and the box follows from it. */
const weights = {
  kernel: randomValues('kernel', WIDTH * 3 * PATCH * PATCH, 0.3),
  words: randomValues('words', WORDS.length * WIDTH, 2),
  corners: randomValues('corners', WIDTH * 4, 1.5),
};

export type Color = readonly [red: number, green: number, blue: number];

/** [WIDTH] of a patch that is all of one colour. */
export function patchVector(color: Color): number[] {
  const area = PATCH * PATCH;
  return Array.from({ length: WIDTH }, (_, row) =>
    color.reduce((sum, value, channel) => {
      const at = (row * 3 + channel) * area;
      const kernel = weights.kernel.subarray(at, at + area).reduce((total, weight) => total + weight, 0);
      return sum + (value / 127.5 - 1) * kernel;
    }, 0),
  );
}

export function logit(patch: readonly number[], word: string): number {
  const at = WORDS.indexOf(word) * WIDTH;
  return patch.reduce((sum, value, index) => sum + value * weights.words[at + index]!, 0);
}

/** Left, top, right and bottom in fractions of what the model sees; may reach over its edges. */
export function boxOf(patch: readonly number[]): [number, number, number, number] {
  const [x, y, width, height] = [0, 1, 2, 3].map((column) =>
    sigmoid(patch.reduce((sum, value, row) => sum + value * weights.corners[row * 4 + column]!, 0)),
  ) as [number, number, number, number];
  return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** A picture and labels [labels, words] to `logits` [1, patches, labels], where a label is the sum of its words. */
function owlv2(): Uint8Array {
  const graph = new OnnxGraph();
  const ids = graph.input('input_ids', 'int64', ['labels', 'words']);
  const mask = graph.input('attention_mask', 'int64', ['labels', 'words']);
  const patches = addPatches(graph);
  const isWord = graph.node('Unsqueeze', [graph.node('Cast', [mask], { attributes: { to: 1 } }), graph.integers([2])]);
  const vectors = graph.node('Mul', [addWords(graph, ids), isWord]);
  const labels = graph.node('ReduceSum', [vectors, graph.integers([1])], { attributes: { keepdims: 0 } });
  graph.named('logits', 'MatMul', [patches, graph.node('Transpose', [labels], { attributes: { perm: [1, 0] } })]);
  graph.output('logits', [1, 'patches', 'labels']);
  return graph.bytes();
}

/** A picture and a line of words to `logits` [1, patches, TEXT_LENGTH], −∞ behind the last word. */
function groundingDino(): Uint8Array {
  const graph = new OnnxGraph();
  const ids = graph.input('input_ids', 'int64', [1, 'words']);
  graph.input('token_type_ids', 'int64', [1, 'words']);
  graph.input('attention_mask', 'int64', [1, 'words']);
  const patches = addPatches(graph);
  graph.input('pixel_mask', 'int64', [1, 'height', 'width']);
  const words = graph.node('Transpose', [addWords(graph, ids)], { attributes: { perm: [0, 2, 1] } });
  const length = graph.node('Shape', [ids], { attributes: { start: 1 } });
  const rest = graph.node('Sub', [graph.integers([TEXT_LENGTH]), length]);
  const added = graph.node('Concat', [graph.integers([0, 0, 0, 0, 0]), rest], { attributes: { axis: 0 } });
  graph.named('logits', 'Pad', [graph.node('MatMul', [patches, words]), added, graph.scalar(Number.NEGATIVE_INFINITY)]);
  graph.output('logits', [1, 'patches', TEXT_LENGTH]);
  return graph.bytes();
}

/** The patches' vectors [1, patches, WIDTH], from which the boxes are made too. */
function addPatches(graph: OnnxGraph): string {
  const pixels = graph.input('pixel_values', 'float', [1, 3, 'height', 'width']);
  const kernel = graph.constant(weights.kernel, [WIDTH, 3, PATCH, PATCH]);
  const grid = graph.node('Conv', [pixels, kernel], {
    attributes: { kernel_shape: [PATCH, PATCH], strides: [PATCH, PATCH] },
  });
  const columns = graph.node('Reshape', [grid, graph.integers([1, WIDTH, -1])]);
  const patches = graph.node('Transpose', [columns], { attributes: { perm: [0, 2, 1] } });
  const corners = graph.node('MatMul', [patches, graph.constant(weights.corners, [WIDTH, 4])]);
  graph.named('pred_boxes', 'Sigmoid', [corners]);
  graph.output('pred_boxes', [1, 'patches', 4]);
  return patches;
}

/** [labels, words, WIDTH]. */
function addWords(graph: OnnxGraph, ids: string): string {
  return graph.node('Gather', [graph.constant(weights.words, [WORDS.length, WIDTH]), ids]);
}

const pictureConfig = {
  do_resize: true,
  // the nearest pixel, so that a patch of one colour stays one
  resample: 0,
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
};

const vocabulary = Object.fromEntries(WORDS.map((word, id) => [word, id]));

/** CLIP's tokenizer has byte pairs; here a word is a token. */
const owlv2Tokenizer = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [],
  normalizer: { type: 'Lowercase' },
  pre_tokenizer: { type: 'Whitespace' },
  post_processor: null,
  decoder: null,
  model: { type: 'WordLevel', vocab: vocabulary, unk_token: '[UNK]' },
};

const special = (word: string) => ({ id: word, ids: [WORDS.indexOf(word)], tokens: [word] });
const marked = (word: string) => ({ SpecialToken: { id: word, type_id: 0 } });

/** BERT's, but for the size of the vocabulary. */
const dinoTokenizer = {
  ...owlv2Tokenizer,
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [marked('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, marked('[SEP]')],
    pair: [],
    special_tokens: { '[CLS]': special('[CLS]'), '[SEP]': special('[SEP]') },
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    vocab: vocabulary,
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
  },
};

const tokens = { pad_token: '[PAD]', unk_token: '[UNK]' };

/** Everything but the weights, with the classes that the models on the hub name. */
const configs = {
  owlv2: {
    'config.json': { model_type: 'owlv2', architectures: ['Owlv2ForObjectDetection'] },
    'preprocessor_config.json': {
      ...pictureConfig,
      processor_class: 'Owlv2Processor',
      image_processor_type: 'Owlv2ImageProcessor',
      do_pad: true,
      size: { height: SIDE, width: SIDE },
    },
    'tokenizer.json': owlv2Tokenizer,
    'tokenizer_config.json': { ...tokens, tokenizer_class: 'CLIPTokenizer', model_max_length: 16 },
  },
  groundingDino: {
    'config.json': { model_type: 'grounding-dino', architectures: ['GroundingDinoForObjectDetection'] },
    'preprocessor_config.json': {
      ...pictureConfig,
      processor_class: 'GroundingDinoProcessor',
      image_processor_type: 'GroundingDinoImageProcessor',
      do_pad: true,
      size: { shortest_edge: SIDE, longest_edge: 2 * SIDE },
    },
    'tokenizer.json': dinoTokenizer,
    'tokenizer_config.json': {
      ...tokens,
      tokenizer_class: 'BertTokenizer',
      cls_token: '[CLS]',
      sep_token: '[SEP]',
      do_lower_case: true,
      model_max_length: TEXT_LENGTH,
    },
  },
} as const;

const graphs = { owlv2, groundingDino } as const;

/** Makes a folder as one downloads it from the hub. */
export function writeModel(kind: keyof typeof configs, folder: string): void {
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  for (const [name, content] of Object.entries(configs[kind]))
    writeFileSync(join(folder, name), JSON.stringify(content));
  writeFileSync(join(folder, 'onnx/model.onnx'), graphs[kind]());
}
