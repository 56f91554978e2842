/** Sizes of the parser's network, and the parameters that follow from them. */
import { DISTANCES } from './distance.ts';
import type { Vocabulary } from './vocabulary.ts';

/** `config.json` of a folder of weights. */
export interface ParserConfig {
  /** Of the embedding of words, and of the sum of those of affixes and shape. */
  readonly wordWidth: number;
  readonly affixWidth: number;
  /** Between the blocks of the encoder. */
  readonly width: number;
  /** Of the state of a recurrence, in each direction. */
  readonly state: number;
  readonly blocks: number;
  /** Blocks below the tagger. */
  readonly tagBlocks: number;
  readonly tagWidth: number;
  readonly arcWidth: number;
  readonly labelWidth: number;
}

const FIELDS = [
  'wordWidth',
  'affixWidth',
  'width',
  'state',
  'blocks',
  'tagBlocks',
  'tagWidth',
  'arcWidth',
  'labelWidth',
] as const satisfies readonly (keyof ParserConfig)[];

/** @throws Error that names the file and the field */
export function parseParserConfig(json: unknown, file: string): ParserConfig {
  const given = json as Partial<ParserConfig> | null;
  for (const name of FIELDS) {
    const value = given?.[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
      throw new Error(
        `${file}: ${name} must be a whole number of at least 1, found ${JSON.stringify(value) ?? 'nothing'}`,
      );
  }
  const config = Object.fromEntries(FIELDS.map((name) => [name, given![name]])) as unknown as ParserConfig;
  if (config.tagBlocks > config.blocks)
    throw new Error(`${file}: tagBlocks is ${config.tagBlocks}, but there are only ${config.blocks} blocks`);
  return config;
}

/**
 * Names and shapes of all parameters. Matrices are [in, out], but those of the classes [classes, in]. Of a block's `mix`, columns are:
 * candidate and forget gate of the recurrence to the right, the same to the left (`state` each), and the output gate (2 · state).
 */
export function parameterShapes(config: ParserConfig, vocabulary: Vocabulary): Record<string, readonly number[]> {
  const { wordWidth, affixWidth, width, state, blocks, tagWidth, arcWidth, labelWidth } = config;
  const { upos, xpos, relations } = vocabulary.file;
  const embedded = wordWidth + affixWidth;
  const shapes: Record<string, readonly number[]> = { word: [vocabulary.wordRows, wordWidth] };
  for (const [i, rows] of vocabulary.affixRows.entries()) shapes[`affix.${i}`] = [rows, affixWidth];
  const norm = (name: string, extent: number) => {
    shapes[`${name}.weight`] = [extent];
    shapes[`${name}.bias`] = [extent];
  };
  const linear = (name: string, from: number, to: number) => {
    shapes[`${name}.weight`] = [from, to];
    shapes[`${name}.bias`] = [to];
  };
  norm('input_norm', embedded);
  linear('input', 3 * embedded, width);
  for (let block = 0; block < blocks; block++) {
    norm(`blocks.${block}.norm`, width);
    shapes[`blocks.${block}.near`] = [3, width];
    linear(`blocks.${block}.mix`, width, 6 * state);
    linear(`blocks.${block}.out`, 2 * state, width);
  }
  norm('tag_norm', width);
  linear('tag', width, tagWidth);
  shapes.upos = [upos.length, tagWidth];
  shapes.xpos = [xpos.length, tagWidth];
  norm('norm', width);
  for (const part of ['dependent', 'head']) {
    linear(`arc.${part}`, width, arcWidth);
    linear(`label.${part}`, width, labelWidth);
  }
  shapes['arc.product'] = [arcWidth, arcWidth];
  shapes['arc.prior'] = [1, arcWidth];
  shapes['arc.root'] = [1, arcWidth];
  shapes['arc.distance'] = [DISTANCES, arcWidth];
  shapes['label.root'] = [1, labelWidth];
  shapes['label.distance'] = [DISTANCES + 1, labelWidth];
  shapes.relations = [relations.length, labelWidth];
  return shapes;
}

/** Variances below this count as more in LayerNorm. */
export const NORM_EPSILON = 1e-5;
