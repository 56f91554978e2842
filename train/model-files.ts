/** The small files of a model folder, for a fresh model or one that is trained further. */
import { buildShapesTokenizer, KOSMOS2_PREPROCESSOR, Tokenizer } from '../data/index.ts';
import { readJson, runtime } from '../engine/index.ts';
import { type Kosmos2Config, parseConfig } from '../model/config.ts';
import { resolveModelFolder } from '../model/hub.ts';
import type { ModelFiles } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';

export interface ModelSetup {
  readonly config: Kosmos2Config;
  readonly tokenizer: Tokenizer;
  readonly files: ModelFiles;
  /** The folder whose weights the run starts from; null for a fresh model. */
  readonly init: string | null;
  /** Folders of the models that it is averaged with. */
  readonly average: readonly string[];
}

/** What stands for the words of the shapes world in a configuration. */
const SHAPES_TOKENIZER = 'shapes';
/** Files that are taken over from a model folder or the folder of a tokenizer where they are there. */
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json'];
const SETTINGS_FILES = ['preprocessor_config.json', 'generation_config.json'];

/** @throws Error that names the file or field that is missing or does not fit */
export async function prepareModel({ model }: TrainConfig): Promise<ModelSetup> {
  const init = model.init === null ? null : await resolveModelFolder(model.init);
  const json = init === null ? model.config : await readJson(`${init}/config.json`);
  const config = parseConfig(json, init === null ? 'model.config' : `${init}/config.json`);
  const tokenizerFiles = await readTokenizer(model.tokenizer ?? init!, model.gridSize);
  const own = init === null ? {} : await readTexts(init, SETTINGS_FILES);
  const files: ModelFiles = {
    'config.json': format({ architectures: ['Kosmos2ForConditionalGeneration'], ...(json as object) }),
    'preprocessor_config.json': format(preprocessorSettings(config)),
    'generation_config.json': format(generationSettings(config)),
    ...own,
    ...tokenizerFiles,
  };
  const tokenizer = new Tokenizer(
    JSON.parse(files['tokenizer.json']),
    JSON.parse(files['tokenizer_config.json'] ?? '{}'),
  );
  if (tokenizer.size > config.text.vocabSize)
    throw new Error(
      `the tokenizer has ${tokenizer.size} ids, but model.config.text_config.vocab_size is ${config.text.vocabSize}; make it ${tokenizer.size}`,
    );
  const average: string[] = [];
  for (const other of model.average) average.push(await resolveModelFolder(other));
  return { config, tokenizer, files, init, average };
}

async function readTokenizer(source: string, gridSize: number): Promise<ModelFiles> {
  if (source === SHAPES_TOKENIZER) {
    const { tokenizerJson, tokenizerConfig } = buildShapesTokenizer({ gridSize });
    return { 'tokenizer.json': format(tokenizerJson), 'tokenizer_config.json': format(tokenizerConfig) };
  }
  const texts = await readTexts(source, TOKENIZER_FILES);
  if (!texts['tokenizer.json']) throw new Error(`model.tokenizer: ${source} holds no tokenizer.json`);
  return texts;
}

async function readTexts(folder: string, names: readonly string[]): Promise<ModelFiles> {
  const here = await runtime();
  const texts: Record<string, string> = {};
  for (const name of names) {
    if (await here.exists(`${folder}/${name}`)) texts[name] = await here.readTextFile(`${folder}/${name}`);
  }
  return texts;
}

function preprocessorSettings({ vision }: Kosmos2Config): object {
  const size = { height: vision.imageSize, width: vision.imageSize };
  const { rescaleFactor, mean, std } = KOSMOS2_PREPROCESSOR;
  return {
    image_processor_type: 'CLIPImageProcessor',
    processor_class: 'Kosmos2Processor',
    do_resize: true,
    size,
    resample: 3,
    do_center_crop: false,
    do_rescale: true,
    rescale_factor: rescaleFactor,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
    do_convert_rgb: true,
  };
}

function generationSettings({ text }: Kosmos2Config): object {
  return {
    bos_token_id: text.bosTokenId,
    eos_token_id: text.eosTokenId,
    pad_token_id: text.padTokenId,
    no_repeat_ngram_size: text.noRepeatNgramSize,
  };
}

function format(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
