/** The files of a model folder that say how its input is made. */
import { readJson, runtime } from '../engine/index.ts';
import { KOSMOS2_PREPROCESSOR, type PreprocessorConfig, readPreprocessorConfig } from './image/preprocess.ts';
import { Tokenizer } from './tokenizer.ts';

/**
 * The tokenizer of a model folder, or of a `tokenizer.json` named itself, with the `tokenizer_config.json` that may lie beside it.
 *
 * @throws Error naming the file
 */
export async function loadTokenizer(folderOrFile: string): Promise<Tokenizer> {
  const isFile = folderOrFile.endsWith('.json');
  const file = isFile ? folderOrFile : `${folderOrFile}/tokenizer.json`;
  if (!isFile && !(await (await runtime()).exists(file)))
    throw new Error(`${folderOrFile} holds no tokenizer.json: copy the one that the model was trained with into it`);
  const json = await readJson(file);
  const config = (await readOptional(`${file.slice(0, file.lastIndexOf('/') + 1)}tokenizer_config.json`)) ?? {};
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
