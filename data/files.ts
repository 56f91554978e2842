/** The files of a model folder that say how its input is made. */
import { readJson, runtime } from '../engine/index.ts';
import { KOSMOS2_PREPROCESSOR, type PreprocessorConfig, readPreprocessorConfig } from './image/preprocess.ts';
import { Tokenizer } from './tokenizer.ts';

/** The tokenizer of a folder: `tokenizer.json`, and `tokenizer_config.json` where it is there. @throws Error naming the file */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const file = `${folder}/tokenizer.json`;
  if (!(await (await runtime()).exists(file)))
    throw new Error(`${folder} holds no tokenizer.json: copy the one that the model was trained with into it`);
  const json = await readJson(file);
  const config = (await readOptional(`${folder}/tokenizer_config.json`)) ?? {};
  return explained(file, () => new Tokenizer(json, config));
}

/** What `preprocessor_config.json` of a folder asks for; without the file the settings of the published models. */
export async function loadPreprocessor(folder: string): Promise<Readonly<PreprocessorConfig>> {
  const file = `${folder}/preprocessor_config.json`;
  const json = await readOptional(file);
  if (json === null) return KOSMOS2_PREPROCESSOR;
  if (typeof json !== 'object' || Array.isArray(json)) throw new Error(`${file}: an object is expected`);
  return explained(folder, () => readPreprocessorConfig(json as Record<string, unknown>));
}

/** A JSON file, or null where there is none. */
async function readOptional(file: string): Promise<unknown> {
  return (await (await runtime()).exists(file)) ? readJson(file) : null;
}

function explained<T>(where: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
  }
}
