/** The configuration of a KOSMOS-2 checkpoint: what `config.json` in the Hugging Face layout says, checked. */

export type Activation = 'gelu' | 'quick_gelu' | 'relu';

export interface TextConfig {
  readonly vocabSize: number;
  /** Longest context for generation. */
  readonly maxPositionEmbeddings: number;
  /** D, the width of the decoder. */
  readonly embedDim: number;
  readonly layers: number;
  readonly ffnDim: number;
  readonly attentionHeads: number;
  readonly activation: Activation;
  readonly layerNormEps: number;
  readonly scaleEmbedding: boolean;
  readonly padTokenId: number;
  readonly bosTokenId: number;
  readonly eosTokenId: number;
  /** 0 bans nothing. */
  readonly noRepeatNgramSize: number;
}

export interface VisionConfig {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly attentionHeads: number;
  readonly channels: number;
  readonly imageSize: number;
  readonly patchSize: number;
  readonly activation: Activation;
  readonly layerNormEps: number;
}

export interface Kosmos2Config {
  readonly text: TextConfig;
  readonly vision: VisionConfig;
  /** L, the vectors that an image becomes in the decoder. */
  readonly latentQueryNum: number;
}

type Json = Readonly<Record<string, unknown>>;

/** Reads fields of one section with clear errors: which file, which field, what was found. */
class Section {
  readonly #fields: Json;
  readonly #where: string;

  constructor(fields: unknown, where: string) {
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
      throw new Error(`${where}: expected an object`);
    this.#fields = fields as Json;
    this.#where = where;
  }

  section(name: string): Section {
    return new Section(this.#fields[name], `${this.#where}: ${name}`);
  }

  fail(name: string, wanted: string): never {
    throw new Error(
      `${this.#where}: ${name} must be ${wanted}, found ${JSON.stringify(this.#fields[name]) ?? 'nothing'}`,
    );
  }

  /** A whole number of at least `least`; the first of `names` that is there counts. */
  count(names: readonly string[], fallback: number | null, least = 1): number {
    const name = names.find((one) => this.#fields[one] !== undefined && this.#fields[one] !== null) ?? names[0];
    const value = this.#fields[name] ?? fallback;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least)
      this.fail(name, `a whole number ≥ ${least}`);
    return value;
  }

  positive(name: string, fallback: number): number {
    const value = this.#fields[name] ?? fallback;
    if (typeof value !== 'number' || !(value > 0) || !Number.isFinite(value)) this.fail(name, 'a positive number');
    return value;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#fields[name] ?? fallback;
    if (typeof value !== 'boolean') this.fail(name, 'true or false');
    return value;
  }

  activation(name: string, fallback: Activation): Activation {
    const value = this.#fields[name] ?? fallback;
    if (value !== 'gelu' && value !== 'quick_gelu' && value !== 'relu')
      this.fail(name, '"gelu", "quick_gelu" or "relu"');
    return value;
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined && this.#fields[name] !== null;
  }

  text(name: string): string | undefined {
    const value = this.#fields[name];
    return typeof value === 'string' ? value : undefined;
  }
}

/** The attention kernels hold one head's vector in registers. */
function checkHeads(section: Section, name: string, width: number, heads: number): void {
  const headDim = width / heads;
  if (!Number.isInteger(headDim) || headDim > 128) {
    section.fail(name, `such that the width ${width} divides into heads of at most 128`);
  }
}

function parseText(section: Section): TextConfig {
  const config: TextConfig = {
    vocabSize: section.count(['vocab_size'], 65037),
    maxPositionEmbeddings: section.count(['max_position_embeddings'], 2048),
    embedDim: section.count(['embed_dim', 'hidden_size'], 2048),
    layers: section.count(['layers', 'num_hidden_layers'], 24),
    ffnDim: section.count(['ffn_dim'], 8192),
    attentionHeads: section.count(['attention_heads', 'num_attention_heads'], 32),
    activation: section.activation('activation_function', 'gelu'),
    layerNormEps: section.positive('layer_norm_eps', 1e-5),
    scaleEmbedding: section.flag('scale_embedding', true),
    padTokenId: section.count(['pad_token_id'], 1, 0),
    bosTokenId: section.count(['bos_token_id'], 0, 0),
    eosTokenId: section.count(['eos_token_id'], 2, 0),
    noRepeatNgramSize: section.count(['no_repeat_ngram_size'], 0, 0),
  };
  checkHeads(section, 'attention_heads', config.embedDim, config.attentionHeads);
  if (config.embedDim % 2 !== 0 || config.embedDim < 4)
    section.fail('embed_dim', 'even and at least 4 (half sines, half cosines)');
  if (section.flag('add_cross_attention', false))
    section.fail('add_cross_attention', 'false (no published checkpoint uses it)');
  return config;
}

function parseVision(section: Section): VisionConfig {
  const config: VisionConfig = {
    hiddenSize: section.count(['hidden_size'], 1024),
    intermediateSize: section.count(['intermediate_size'], 4096),
    layers: section.count(['num_hidden_layers'], 24),
    attentionHeads: section.count(['num_attention_heads'], 16),
    channels: section.count(['num_channels'], 3),
    imageSize: section.count(['image_size'], 224),
    patchSize: section.count(['patch_size'], 14),
    activation: section.activation('hidden_act', 'quick_gelu'),
    layerNormEps: section.positive('layer_norm_eps', 1e-5),
  };
  checkHeads(section, 'num_attention_heads', config.hiddenSize, config.attentionHeads);
  if (config.imageSize % config.patchSize !== 0)
    section.fail('image_size', `a multiple of patch_size (${config.patchSize})`);
  return config;
}

/** Bits and groups follow from the tensors' shapes; here it counts how they are packed. */
function checkQuantization(section: Section): void {
  if (section.text('quant_method') !== 'compressed-tensors')
    section.fail(
      'quant_method',
      '"compressed-tensors" (the command quantize makes such a model from one that is not quantised)',
    );
  if (section.text('format') !== 'pack-quantized') section.fail('format', '"pack-quantized"');
}

/** Checks the parsed `config.json`; `where` names the file in errors. Absent fields take the library's defaults. */
export function parseConfig(json: unknown, where = 'config.json'): Kosmos2Config {
  const top = new Section(json, where);
  const modelType = top.text('model_type');
  if (modelType !== undefined && modelType !== 'kosmos-2') top.fail('model_type', '"kosmos-2"');
  if (!top.flag('tie_word_embeddings', true))
    top.fail('tie_word_embeddings', 'true (the head is the embedding, transposed)');
  if (top.has('quantization_config')) checkQuantization(top.section('quantization_config'));
  return {
    text: parseText(top.section('text_config')),
    vision: parseVision(top.section('vision_config')),
    latentQueryNum: top.count(['latent_query_num'], 64),
  };
}

/** Patches along an edge of a picture of the configured size. */
export function patchesPerSide({ imageSize, patchSize }: VisionConfig): number {
  return imageSize / patchSize;
}

/** Patches of a picture of the configured size, and the class token. */
export function visionTokens(vision: VisionConfig): number {
  return patchesPerSide(vision) ** 2 + 1;
}
