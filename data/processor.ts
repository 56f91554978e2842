/**
 * From texts, numbers of pictures and boxes to the ids and masks that the model takes: the text side of the reference's
 * `Kosmos2Processor`. Pictures themselves are prepared elsewhere (`image`).
 *
 * One picture in front of the text, as the reference does it:
 *
 *     <s> <image> slot × numImageTokens </image> text
 *
 * Several pictures in one text are this library's own form: the text says `<image>` where each one goes.
 */
import { insertBoxes, type TextBoxes } from './grounding/insert.ts';
import { patchToken } from './grounding/patches.ts';
import type { Tokenizer } from './tokenizer.ts';
import { strip } from './white-space.ts';

export interface ProcessorOptions {
  /** Slots for one picture; the model's `latent_query_num`. Default 64. */
  numImageTokens?: number;
  /** Id in the first slot; the others follow. Default: the one after `<unk>`. The model overwrites what the slots hold. */
  firstImageTokenId?: number;
}

export type Padding = 'none' | 'longest' | 'max_length';

export interface ProcessOptions {
  /** Pictures of the text; for a batch a list with one number per text. Default none. */
  images?: number | readonly number[];
  /**
   * Where the pictures go: before the text, or in place of each `<image>` in it. Default `front` for one picture and
   * `markers` for several.
   */
  imagePlacement?: 'front' | 'markers';
  /** Boxes of the text's phrases (see `insertBoxes`); for a batch a list with one entry per text. */
  bboxes?: TextBoxes | readonly TextBoxes[];
  /** `</s>` at the end, as in training examples. Default false. */
  addEosToken?: boolean;
  /** `<s>` in front. Without it there is no `</s>` either. Default true. */
  addSpecialTokens?: boolean;
  /**
   * Rows of one length. Default `none`; but a batch with pictures is always padded to its longest row. Nothing is ever
   * cut off: rows longer than `maxLength` stay, and with pictures all others grow to the longest of them.
   */
  padding?: Padding;
  /** Length asked for by `padding: 'max_length'`. */
  maxLength?: number;
  /** With `padding`: lengths are rounded up to a multiple of this. */
  padToMultipleOf?: number;
  /** Default `right`. Generate from `left`: the model continues after the last column. */
  paddingSide?: 'left' | 'right';
  /**
   * Read the texts as nothing but text: tags typed by somebody become the ordinary tokens of their characters (and so
   * there are no phrases for boxes). Default false, as in the reference.
   */
  literalTags?: boolean;
  /** Put before each text, and always read with tags: `<grounding>`, say, before a text of `literalTags`. */
  prefix?: string;
}

/** Rows of ids and masks, one per text. */
export interface ProcessedText {
  inputIds: number[][];
  /** 1 on everything but padding. */
  attentionMask: number[][];
  /** 1 on the slots of the pictures; absent when there is no picture at all. */
  imageEmbedsPositionMask?: number[][];
}

interface Row {
  ids: number[];
  imageMask: number[];
}

export class Processor {
  readonly tokenizer: Tokenizer;
  readonly numImageTokens: number;
  readonly firstImageTokenId: number;
  /** Cells per side of the location tokens that the tokenizer has; 0 when it has none. */
  readonly gridSize: number;
  readonly #bosId: number;
  readonly #eosId: number;
  readonly #padId: number;
  readonly #imageId: number;
  readonly #endOfImageId: number;

  /** @throws Error when the tokenizer lacks `<s>`, `</s>`, `<pad>`, `<image>` or `</image>`, or the slots do not fit */
  constructor(tokenizer: Tokenizer, options: ProcessorOptions = {}) {
    this.tokenizer = tokenizer;
    this.numImageTokens = options.numImageTokens ?? 64;
    this.firstImageTokenId = options.firstImageTokenId ?? (tokenizer.unkId ?? -1) + 1;
    this.#bosId = required(tokenizer.bosId, 'beginning of text (bos)');
    this.#eosId = required(tokenizer.eosId, 'end of text (eos)');
    this.#padId = required(tokenizer.padId, 'padding (pad)');
    this.#imageId = required(tokenizer.tokenToId('<image>'), '<image>');
    this.#endOfImageId = required(tokenizer.tokenToId('</image>'), '</image>');
    this.gridSize = countGridSize(tokenizer);
    checkCount(this.numImageTokens, 'numImageTokens', 1);
    checkCount(this.firstImageTokenId, 'firstImageTokenId', 0);
    if (this.firstImageTokenId + this.numImageTokens > tokenizer.size) {
      throw new Error(
        `processor: ${this.numImageTokens} image slots from id ${this.firstImageTokenId} on do not fit into ${tokenizer.size} ids`,
      );
    }
  }

  /** A processor for a model, given the parsed `config.json` of its folder (`latent_query_num`). */
  static fromConfig(tokenizer: Tokenizer, config: unknown, options: ProcessorOptions = {}): Processor {
    const numImageTokens = (config as { latent_query_num?: number } | null)?.latent_query_num;
    return new Processor(tokenizer, { numImageTokens, ...options });
  }

  /**
   * Ids and masks of one text (a batch of one row) or of several.
   *
   * @throws Error for texts that are none, for counts of pictures, markers, boxes and phrases that do not agree, for
   *   boxes outside the picture or with swapped corners, and for options that contradict each other
   */
  process(text: string | readonly string[], options: ProcessOptions = {}): ProcessedText {
    const batched = Array.isArray(text);
    const texts: readonly string[] = batched ? text : [text as string];
    if (texts.length === 0) throw new Error('processor: the batch holds no text');
    const images = perText(options.images ?? 0, texts.length, batched, 'images') as readonly number[];
    const bboxes = perText(options.bboxes ?? null, texts.length, batched, 'bboxes') as readonly TextBoxes[];
    const rows = texts.map((one, index) => this.#row(one, images[index], bboxes[index], options));
    const withImages = images.some((count) => count > 0);
    const lengths = targetLengths(rows, options, withImages && batched);
    return this.#padded(rows, lengths, options.paddingSide ?? 'right', withImages);
  }

  #row(text: string, images: number, bboxes: TextBoxes, options: ProcessOptions): Row {
    if (typeof text !== 'string') throw new Error(`processor: a text is expected, not ${JSON.stringify(text)}`);
    checkCount(images, 'images', 0);
    const special = options.addSpecialTokens ?? true;
    const row: Row = { ids: [], imageMask: [] };
    if (special) this.#append(row, [this.#bosId]);
    const content = this.#encode(text, bboxes, options);
    const placement = options.imagePlacement ?? (images > 1 ? 'markers' : 'front');
    if (placement === 'markers') this.#fillMarkers(row, content, images);
    else this.#appendBehindImage(row, content, images);
    if (special && options.addEosToken) this.#append(row, [this.#eosId]);
    return row;
  }

  #encode(text: string, bboxes: TextBoxes, options: ProcessOptions): number[] {
    const literal = options.literalTags ?? false;
    if (literal && bboxes && bboxes.length > 0) {
      throw new Error('processor: with literalTags a text has no phrases, so it cannot take bboxes');
    }
    const boxed = literal ? strip(text) : insertBoxes(strip(text), bboxes, this.gridSize);
    const prefix = this.tokenizer.encode(options.prefix ?? '');
    return [...prefix, ...this.tokenizer.encode(boxed, { literalTags: literal })];
  }

  #appendBehindImage(row: Row, content: readonly number[], images: number): void {
    if (images > 1) throw new Error(`processor: ${images} images cannot stand in front of one text; use markers`);
    if (images === 1) this.#appendImage(row);
    this.#append(row, content);
  }

  #fillMarkers(row: Row, content: readonly number[], images: number): void {
    const markers = content.filter((id) => id === this.#imageId).length;
    if (markers !== images) {
      throw new Error(`processor: ${images} images for ${markers} <image> markers in the text`);
    }
    for (const id of content) {
      if (id === this.#imageId) this.#appendImage(row);
      else this.#append(row, [id]);
    }
  }

  #appendImage(row: Row): void {
    this.#append(row, [this.#imageId]);
    for (let slot = 0; slot < this.numImageTokens; slot++) {
      row.ids.push(this.firstImageTokenId + slot);
      row.imageMask.push(1);
    }
    this.#append(row, [this.#endOfImageId]);
  }

  #append(row: Row, ids: readonly number[]): void {
    for (const id of ids) {
      row.ids.push(id);
      row.imageMask.push(0);
    }
  }

  #padded(
    rows: readonly Row[],
    lengths: readonly number[],
    side: 'left' | 'right',
    withImages: boolean,
  ): ProcessedText {
    const pad = (values: number[], value: number, length: number) => {
      const filler = new Array<number>(length - values.length).fill(value);
      return side === 'left' ? [...filler, ...values] : [...values, ...filler];
    };
    const result: ProcessedText = {
      inputIds: rows.map((row, index) => pad(row.ids, this.#padId, lengths[index])),
      attentionMask: rows.map((row, index) => pad(new Array<number>(row.ids.length).fill(1), 0, lengths[index])),
    };
    if (withImages) {
      result.imageEmbedsPositionMask = rows.map((row, index) => pad(row.imageMask, 0, lengths[index]));
    }
    return result;
  }
}

/** Length of each row after padding. */
function targetLengths(rows: readonly Row[], options: ProcessOptions, oneLength: boolean): number[] {
  const padding = options.padding ?? 'none';
  const lengths = rows.map((row) => row.ids.length);
  const longest = Math.max(...lengths);
  if (padding === 'none') return lengths.map((length) => (oneLength ? longest : length));
  const multiple = options.padToMultipleOf ?? 1;
  checkCount(multiple, 'padToMultipleOf', 1);
  const wanted = padding === 'max_length' ? requiredLength(options) : longest;
  const target = Math.ceil(wanted / multiple) * multiple;
  return lengths.map((length) => Math.max(target, oneLength ? longest : length));
}

function requiredLength(options: ProcessOptions): number {
  if (options.maxLength === undefined) throw new Error("processor: padding 'max_length' needs maxLength");
  checkCount(options.maxLength, 'maxLength', 1);
  return options.maxLength;
}

/** One entry per text: of a batch the list given, of a single text the value itself. */
function perText(value: unknown, texts: number, batched: boolean, what: string): readonly unknown[] {
  if (!batched) return [value];
  if (value === null || value === 0) return new Array(texts).fill(value);
  if (!Array.isArray(value) || value.length !== texts) {
    const given = Array.isArray(value) ? `a list of ${value.length}` : JSON.stringify(value);
    throw new Error(`processor: ${what} of a batch of ${texts} texts must be a list of ${texts}, not ${given}`);
  }
  return value;
}

function required(id: number | null | undefined, what: string): number {
  if (id === null || id === undefined) throw new Error(`processor: the tokenizer has no token for ${what}`);
  return id;
}

function checkCount(value: unknown, what: string, least: number): void {
  if (!Number.isInteger(value) || (value as number) < least) {
    throw new Error(`processor: ${what} must be a whole number >= ${least}, not ${JSON.stringify(value)}`);
  }
}

/** Cells per side, from the number of `<patch_index_…>` tokens. */
function countGridSize(tokenizer: Tokenizer): number {
  let cells = 0;
  while (tokenizer.tokenToId(patchToken(cells)) !== undefined) cells++;
  const side = Math.sqrt(cells);
  if (!Number.isInteger(side)) {
    throw new Error(`processor: the tokenizer's ${cells} patch tokens form no square grid`);
  }
  return side;
}
