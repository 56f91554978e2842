/** A KOSMOS-2 checkpoint as the model behind the grounder: prompts in, location tokens with their certainty out. */

import type { FoundBox, PhraseModel, PhraseQuestion } from '../../data/grit/index.ts';
import { type PatchPair, type Processor, patchToken } from '../../data/index.ts';
import { modelFingerprint } from '../../evaluate/run/fingerprint.ts';
import { PictureEncoder } from '../../evaluate/run/picture-encoder.ts';
import type { Kosmos } from '../../index.ts';
import { Generator, type TokenBatch } from '../../model/index.ts';

/** Boxes of one phrase; the generation ends there. */
const MOST_BOXES = 8;
/** `<object>`, two corners and a delimiter for each box. */
const MOST_TOKENS = 1 + 3 * MOST_BOXES;
/** Prompts are padded to a multiple of this, so that few plans are made. */
const PROMPT_STEP = 8;
const DEFAULT_BATCH = 32;
/**
 * A corner counts as found where the model puts it up to so many cells away: the neighbours of a cell give almost the same box, and
 * a corner near their border divides its probability among them.
 */
const NEAR = 1;

/** The tokens of the grammar, by their ids. */
interface Grammar {
  readonly object: number;
  readonly delimiter: number;
  /** Ids of the cells, in the order of the grid. */
  readonly cells: readonly number[];
}

export interface PhraseFinderOptions {
  /** Questions at a time; default 32. */
  readonly batch?: number;
  readonly signal?: AbortSignal;
}

export class PhraseFinder implements PhraseModel {
  readonly identity: unknown;
  readonly imageSize: number;
  readonly gridSize: number;
  readonly batch: number;
  readonly #kosmos: Kosmos;
  readonly #encoder: PictureEncoder;
  readonly #generator: Generator;
  readonly #grammar: Grammar;
  readonly #cellOf: ReadonlyMap<number, number>;
  readonly #signal: AbortSignal | undefined;

  /** Takes over the model. @throws Error where its tokenizer has no location tokens */
  static async open(kosmos: Kosmos, dtype: string, options: PhraseFinderOptions = {}): Promise<PhraseFinder> {
    return new PhraseFinder(kosmos, { kosmos: await modelFingerprint(kosmos.folder), dtype }, options);
  }

  private constructor(kosmos: Kosmos, identity: unknown, { batch = DEFAULT_BATCH, signal }: PhraseFinderOptions) {
    this.identity = identity;
    this.#kosmos = kosmos;
    this.#signal = signal;
    this.batch = batch;
    this.imageSize = kosmos.model.config.vision.imageSize;
    this.gridSize = kosmos.processor.gridSize;
    this.#encoder = new PictureEncoder(kosmos.model, kosmos.preprocessor, (count) => rounded(count, batch));
    this.#generator = new Generator(kosmos.model);
    this.#grammar = grammarOf(kosmos.processor);
    this.#cellOf = new Map(this.#grammar.cells.map((id, cell) => [id, cell]));
  }

  async find(questions: readonly PhraseQuestion[]): Promise<(readonly FoundBox[] | null)[]> {
    const room = this.#kosmos.model.config.text.maxPositionEmbeddings - MOST_TOKENS;
    const { processor } = this.#kosmos;
    const fits = questions.map(({ prompt }) => processor.process(prompt, { images: 1 }).inputIds[0].length <= room);
    const asked = questions.filter((_, i) => fits[i]);
    const found = asked.length > 0 ? await this.#ask(padded(asked, rounded(asked.length, this.batch))) : [];
    let next = 0;
    return fits.map((isAsked) => (isAsked ? found[next++] : null));
  }

  async close(): Promise<void> {
    this.#encoder.dispose();
    this.#generator.dispose();
    this.#kosmos.close();
  }

  async #ask(questions: readonly PhraseQuestion[]): Promise<FoundBox[][]> {
    const batch = this.#kosmos.processor.process(
      questions.map(({ prompt }) => prompt),
      { images: questions.map(() => 1), padding: 'longest', padToMultipleOf: PROMPT_STEP, paddingSide: 'left' },
    );
    const vectors = await this.#encoder.encode(questions.map(({ image }) => image));
    try {
      return await this.#read(batch, vectors);
    } finally {
      vectors?.dispose();
    }
  }

  /** Follows the rows until each has closed its object or left the grammar. */
  async #read(batch: TokenBatch, vectors: Awaited<ReturnType<PictureEncoder['encode']>>): Promise<FoundBox[][]> {
    const readers = batch.inputIds.map(() => new BoxReader(this.#grammar, this.#cellOf));
    let logits = new Float32Array();
    const options = {
      maxNewTokens: MOST_TOKENS,
      noRepeatNgramSize: 0,
      signal: this.#signal,
      inspect: (values: Float32Array) => {
        logits = values as Float32Array<ArrayBuffer>;
      },
    };
    for await (const { row, id } of this.#generator.stream(batch, vectors, options)) {
      const width = logits.length / readers.length;
      readers[row].push(id, () => this.#certainty(logits.subarray(row * width, (row + 1) * width), id));
      if (readers.every(({ isDone }) => isDone)) break;
    }
    this.#signal?.throwIfAborted();
    return readers.map(({ boxes }) => boxes);
  }

  /** The probability of a cell and of those near it, of all tokens that the model could have written. */
  #certainty(logits: Float32Array, id: number): number {
    const most = logits.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY);
    let all = 0;
    for (const value of logits) all += Math.exp(value - most);
    const cell = this.#cellOf.get(id)!;
    const { gridSize } = this;
    const [x, y] = [cell % gridSize, Math.floor(cell / gridSize)];
    let near = 0;
    for (let row = Math.max(0, y - NEAR); row <= Math.min(gridSize - 1, y + NEAR); row++) {
      for (let column = Math.max(0, x - NEAR); column <= Math.min(gridSize - 1, x + NEAR); column++)
        near += Math.exp(logits[this.#grammar.cells[row * gridSize + column]] - most);
    }
    return Math.min(1, near / all);
  }
}

/** The next power of two, or the limit: so few different numbers of rows and of pictures have few plans. */
function rounded(count: number, limit: number): number {
  return Math.max(count, Math.min(limit, 2 ** Math.ceil(Math.log2(count))));
}

/** The last one is repeated. */
function padded<T>(list: readonly T[], length: number): T[] {
  return [...list, ...new Array<T>(length - list.length).fill(list.at(-1)!)];
}

/** Reads `<object>`, pairs of cells with delimiters between them, `</object>`, token by token. */
class BoxReader {
  readonly boxes: FoundBox[] = [];
  isDone = false;
  readonly #grammar: Grammar;
  readonly #cellOf: ReadonlyMap<number, number>;
  #isOpen = false;
  #corner: { readonly cell: number; readonly certainty: number } | null = null;

  constructor(grammar: Grammar, cellOf: ReadonlyMap<number, number>) {
    this.#grammar = grammar;
    this.#cellOf = cellOf;
  }

  push(id: number, certainty: () => number): void {
    if (this.isDone) return;
    const cell = this.#cellOf.get(id);
    if (!this.#isOpen) {
      this.#isOpen = id === this.#grammar.object;
      this.isDone = !this.#isOpen;
    } else if (cell === undefined) {
      this.isDone = id !== this.#grammar.delimiter || this.#corner !== null;
    } else if (this.#corner === null) {
      this.#corner = { cell, certainty: certainty() };
    } else {
      const cells: PatchPair = [this.#corner.cell, cell];
      this.boxes.push({ cells, certainty: [this.#corner.certainty, certainty()] });
      this.#corner = null;
      this.isDone = this.boxes.length >= MOST_BOXES;
    }
  }
}

function grammarOf({ tokenizer, gridSize }: Processor): Grammar {
  const id = (token: string) => {
    const found = tokenizer.tokenToId(token);
    if (found === undefined) throw new Error(`the model's tokenizer has no ${token}, so it cannot find phrases`);
    return found;
  };
  return {
    object: id('<object>'),
    delimiter: id('</delimiter_of_multi_objects/>'),
    cells: Array.from({ length: gridSize ** 2 }, (_, cell) => id(patchToken(cell))),
  };
}
