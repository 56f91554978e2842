/** A small model of the shapes world with random weights, for tests of evaluations. */
import { buildShapesTokenizer, Processor, Tokenizer } from '../../data/index.ts';
import type { Device } from '../../engine/index.ts';
import type { Subject } from '../../evaluate/run/subject.ts';
import { initializeParameters, Kosmos2, parseConfig } from '../../model/index.ts';

export interface SmallModel extends Subject {
  readonly tokenizer: Tokenizer;
}

/** Cells per side of its location tokens. */
export const SMALL_GRID = 6;

/** But for the size of the vocabulary. */
export const SMALL_CONFIG = {
  model_type: 'kosmos-2',
  latent_query_num: 4,
  text_config: {
    max_position_embeddings: 512,
    embed_dim: 32,
    layers: 2,
    ffn_dim: 64,
    attention_heads: 2,
    no_repeat_ngram_size: 3,
  },
  vision_config: {
    hidden_size: 32,
    intermediate_size: 64,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    image_size: 32,
    patch_size: 8,
  },
} as const;

/** Words of any kind are spelled by single characters, so that texts of other data sets go in too. */
export async function smallModel(device: Device): Promise<SmallModel> {
  const { tokenizerJson, tokenizerConfig } = buildShapesTokenizer({ gridSize: SMALL_GRID });
  const tokenizer = new Tokenizer(tokenizerJson, tokenizerConfig);
  const config = parseConfig({
    ...SMALL_CONFIG,
    text_config: { ...SMALL_CONFIG.text_config, vocab_size: tokenizer.size },
  });
  const model = new Kosmos2(config, await initializeParameters(config, device, 3), device);
  return { model, tokenizer, processor: new Processor(tokenizer, { numImageTokens: config.latentQueryNum }) };
}
