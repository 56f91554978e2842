/** The public face: load a KOSMOS-2 checkpoint, ask about a picture, get text and boxes. */
import {
  CaptionReader,
  type DecodedImage,
  decodeImage,
  type Entity,
  loadPreprocessor,
  loadTokenizer,
  type PreprocessorConfig,
  type ProcessOptions,
  Processor,
  preprocess,
  type RgbImage,
  stackPictures,
  type TextBoxes,
} from './data/index.ts';
import { type AdapterChoice, type Device, readJson, requestDevice, runtime, type Tensor } from './engine/index.ts';
import {
  Generator,
  Kosmos2,
  type PixelBatch,
  readConfig,
  resolveModelFolder,
  type SamplingOptions,
  type TokenBatch,
  type WeightDType,
} from './model/index.ts';

export {
  type Box,
  type BoxReference,
  decodeImage,
  drawBoxes,
  type Entity,
  encodePng,
  type GroundedText,
  markPhrases,
  type RgbImage,
  type TextBoxes,
  toMarkdown,
} from './data/index.ts';
export type { AdapterChoice, Device } from './engine/index.ts';
export type { SamplingOptions, WeightDType } from './model/index.ts';

/** A path (in a browser a URL), the bytes of a PNG, JPEG or WebP file, or pixels. */
export type ImageInput = string | Uint8Array | RgbImage;

export interface LoadProgress {
  stage: 'download' | 'weights';
  bytes: number;
  totalBytes: number;
  /** The file that is being downloaded. */
  file?: string;
}

export interface KosmosOptions {
  /** Which WebGPU driver; default `auto`. */
  adapter?: AdapterChoice;
  /** A device to share; it stays open when this is closed. */
  device?: Device;
  /** How matrices are kept on the device; default f32. */
  dtype?: WeightDType;
  /** Branch, tag or commit of a model of the hub; default `main`. */
  revision?: string;
  onProgress?: (progress: LoadProgress) => void;
  /** Hears how many kernels of the image encoder, or of a generation's plan, are compiled. */
  onCompile?: (done: number, all: number) => void;
  /** Stops loading. */
  signal?: AbortSignal;
}

export interface AskOptions {
  /** What the answer continues. Default: a grounded caption, `<grounding>An image of`. */
  prompt?: string;
  /** Boxes of the prompt's `<phrase>…</phrase>`, one entry for each (see `markPhrases` for boxes by words). */
  boxes?: TextBoxes;
  /** Where pictures go: before the prompt (default for one) or in place of each `<image>` in it (default for several). */
  imagePlacement?: 'front' | 'markers';
  /**
   * Read the prompt as nothing but text: tags in it become the ordinary tokens of their characters, and never phrases or boxes of
   * the result. Default false, as in the reference.
   */
  literalTags?: boolean;
  /** Put before the prompt and always read with tags: `<grounding>`, say, before a text of `literalTags`. */
  prefix?: string;
  /** Default 64. */
  maxNewTokens?: number;
  /** 2 or more search by beams; the pieces of a stream then all come at the end. Default 1. */
  beams?: number;
  /** No n-gram of this size twice; 0 allows all. Default: what `generation_config.json` says, else `config.json`. */
  noRepeatNgram?: number;
  /** Draw tokens instead of taking the likeliest; what is left out is temperature 1, top-p 1, seed 0. Not with beams. */
  sampling?: Partial<SamplingOptions>;
  /** Ends the generation between two tokens; what has come so far is the answer. */
  signal?: AbortSignal;
  onToken?: (id: number) => void;
}

/** Milliseconds. */
export interface Timings {
  /** Decoding and resizing pictures, and the prompt's ids. */
  prepare: number;
  /** The image encoder, compiling included. */
  encode: number;
  /** From there to the first token, compiling included; 0 with beams. */
  firstToken: number;
  /** From the first token to the last; with beams the whole search, compiling included. */
  generate: number;
  total: number;
}

export interface Answer {
  prompt: string;
  /** Ids of the prompt, image slots included. */
  inputIds: number[];
  /** New ids, up to and including `</s>` if it came. */
  generatedIds: number[];
  /** Prompt and answer behind the last picture, tags included. */
  raw: string;
  /** The same without tags. */
  text: string;
  /** Phrases of `text` with their boxes; spans count code points, boxes are fractions of the picture. */
  entities: Entity[];
  /** Why it ended: `</s>`, the limit of tokens or the context, or the signal. */
  stopped: 'end' | 'length' | 'cancelled';
  /** What was odd about the picture files. */
  warnings: string[];
  timings: Timings;
}

const DEFAULT_PROMPT = '<grounding>An image of';

/** One checkpoint on one device. */
export class Kosmos {
  readonly folder: string;
  readonly model: Kosmos2;
  readonly processor: Processor;
  readonly preprocessor: Readonly<PreprocessorConfig>;
  /** What `generation_config.json` says of n-grams; undefined leaves it to `config.json`. */
  readonly noRepeatNgram: number | undefined;
  readonly #generator: Generator;
  readonly #onCompile: KosmosOptions['onCompile'];
  readonly #ownsDevice: boolean;

  private constructor(parts: Pick<Kosmos, 'folder' | 'model' | 'processor'> & ModelSettings, options: KosmosOptions) {
    this.folder = parts.folder;
    this.model = parts.model;
    this.processor = parts.processor;
    this.preprocessor = parts.preprocessor;
    this.noRepeatNgram = parts.noRepeatNgram;
    this.#generator = new Generator(parts.model);
    this.#onCompile = options.onCompile;
    this.#ownsDevice = options.device === undefined;
  }

  /**
   * Loads a model folder in the Hugging Face layout, or `owner/name` from the hub by way of the ecosystem's cache. The folder holds
   * `config.json`, `tokenizer.json`, safetensors, and as a rule `preprocessor_config.json`, `tokenizer_config.json` and
   * `generation_config.json`.
   *
   * @throws Error naming the file that is missing or wrong, or what to install where there is no adapter
   */
  static async load(folderOrHubId: string, options: KosmosOptions = {}): Promise<Kosmos> {
    const { onProgress, signal, revision, dtype } = options;
    const folder = await resolveModelFolder(folderOrHubId, {
      revision,
      signal,
      onProgress: (progress) => onProgress?.({ stage: 'download', ...progress }),
    });
    // the small files first, so that what is wrong with them shows before gigabytes are read
    const config = await readConfig(folder);
    const settings = await readSettings(folder);
    const tokenizer = await loadTokenizer(folder);
    const processor = new Processor(tokenizer, { numImageTokens: config.latentQueryNum });
    if (tokenizer.size > config.text.vocabSize)
      throw new Error(
        `${folder}: the tokenizer has ${tokenizer.size} ids, but the model only ${config.text.vocabSize}; they do not belong together`,
      );
    signal?.throwIfAborted();
    const device = options.device ?? (await requestDevice({ adapter: options.adapter }));
    try {
      const model = await Kosmos2.load(folder, device, {
        dtype,
        onCompile: options.onCompile,
        onProgress: (bytes, totalBytes) => {
          signal?.throwIfAborted();
          onProgress?.({ stage: 'weights', bytes, totalBytes });
        },
      });
      return new Kosmos({ folder, model, processor, ...settings }, options);
    } catch (error) {
      if (!options.device) device.close();
      throw error;
    }
  }

  /** The adapter's name, for people. */
  get adapter(): string {
    return this.model.device.description;
  }

  /** Continues the prompt about one picture, several (the prompt then says `<image>` where each one goes) or none (an empty list). */
  async ask(images: ImageInput | readonly ImageInput[], options: AskOptions = {}): Promise<Answer> {
    const pieces = this.stream(images, options);
    for (;;) {
      const { done, value } = await pieces.next();
      if (done) return value;
    }
  }

  /** As `ask`, and gives the clean text piece by piece, the prompt's first; the generator's own result is the answer. */
  async *stream(
    images: ImageInput | readonly ImageInput[],
    options: AskOptions = {},
  ): AsyncGenerator<string, Answer, void> {
    const began = performance.now();
    const { prompt = DEFAULT_PROMPT, onToken } = options;
    if (prompt.trim() === '') throw new Error('the prompt is empty');
    if (options.sampling && (options.beams ?? 1) > 1) throw new Error('beams and sampling exclude each other');
    const list = await Promise.all((isList(images) ? images : [images]).map(readImage));
    const batch = this.processor.process(prompt, promptOptions(list.length, options));
    this.#generator.checkRoom(batch.inputIds[0].length);
    const pixels = list.length > 0 ? this.#pixels(list) : null;
    const prepared = performance.now();
    const vectors = pixels && (await this.#encode(pixels));
    const encoded = performance.now();
    const reader = new CaptionReader(this.processor, batch.inputIds[0], options.literalTags ?? false);
    const generatedIds: number[] = [];
    let first = encoded;
    try {
      yield* nonEmpty(reader.start());
      for await (const id of this.#generate(batch, vectors, options)) {
        if (generatedIds.length === 0 && (options.beams ?? 1) === 1) first = performance.now();
        generatedIds.push(id);
        onToken?.(id);
        yield* nonEmpty(reader.push(id));
      }
      yield* nonEmpty(reader.finish());
    } finally {
      vectors?.dispose();
    }
    const ended = performance.now();
    return {
      prompt,
      inputIds: batch.inputIds[0],
      generatedIds,
      ...reader.result(),
      stopped: this.#reason(generatedIds, options),
      warnings: list.flatMap(({ warnings }) => warnings),
      timings: {
        prepare: prepared - began,
        encode: encoded - prepared,
        firstToken: first - encoded,
        generate: ended - first,
        total: ended - began,
      },
    };
  }

  /** Frees the weights, and the device unless it was given. */
  close(): void {
    this.#generator.dispose();
    this.model.dispose();
    if (this.#ownsDevice) this.model.device.close();
  }

  #pixels(images: readonly RgbImage[]): PixelBatch {
    return stackPictures(images.map((image) => preprocess(image, this.preprocessor)));
  }

  /** Waits for the encoder, so that its time is its own. */
  async #encode(pixels: PixelBatch): Promise<Tensor> {
    const vectors = await this.model.encodeImages(pixels);
    await this.model.device.finish();
    return vectors;
  }

  async *#generate(batch: TokenBatch, vectors: Tensor | null, options: AskOptions): AsyncGenerator<number, void> {
    const { beams = 1, sampling, signal, maxNewTokens } = options;
    const noRepeatNgramSize = options.noRepeatNgram ?? this.noRepeatNgram;
    const common = { maxNewTokens, noRepeatNgramSize, signal, onCompile: this.#onCompile };
    if (beams === 1) {
      const drawn = sampling && { temperature: 1, topP: 1, seed: 0, ...sampling };
      for await (const { id } of this.#generator.stream(batch, vectors, { ...common, sampling: drawn })) yield id;
    } else {
      const [[best]] = await this.#generator.beamSearch(batch, vectors, { ...common, beams });
      yield* best?.ids ?? [];
    }
  }

  #reason(ids: readonly number[], { signal }: AskOptions): Answer['stopped'] {
    if (ids.at(-1) === this.model.config.text.eosTokenId) return 'end';
    return signal?.aborted ? 'cancelled' : 'length';
  }
}

interface ModelSettings {
  readonly preprocessor: Readonly<PreprocessorConfig>;
  readonly noRepeatNgram: number | undefined;
}

async function readSettings(folder: string): Promise<ModelSettings> {
  const file = `${folder}/generation_config.json`;
  const found = (await (await runtime()).exists(file)) ? await readJson(file) : {};
  const size = (found as { no_repeat_ngram_size?: unknown } | null)?.no_repeat_ngram_size ?? undefined;
  if (size !== undefined && !(Number.isSafeInteger(size) && (size as number) >= 0))
    throw new Error(`${file}: no_repeat_ngram_size must be a whole number ≥ 0, found ${JSON.stringify(size)}`);
  return { preprocessor: await loadPreprocessor(folder), noRepeatNgram: size as number | undefined };
}

function isList(images: ImageInput | readonly ImageInput[]): images is readonly ImageInput[] {
  return Array.isArray(images);
}

async function readImage(image: ImageInput): Promise<RgbImage & Pick<DecodedImage, 'warnings'>> {
  if (typeof image !== 'string' && !(image instanceof Uint8Array)) return { warnings: [], ...image };
  if (typeof image !== 'string') return decodeImage(image);
  const bytes = await (await runtime()).readFile(image);
  try {
    return await decodeImage(bytes);
  } catch (error) {
    throw new Error(`${image}: ${(error as Error).message}`, { cause: error });
  }
}

function promptOptions(images: number, { boxes, imagePlacement, literalTags, prefix }: AskOptions): ProcessOptions {
  return { images, bboxes: boxes, imagePlacement, literalTags, prefix };
}

function* nonEmpty(piece: string): Iterable<string> {
  if (piece !== '') yield piece;
}
