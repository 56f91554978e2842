/** Which file of a golden folder is checked by what. A new kind of file is a new row. */
import type { AdapterChoice } from '../../engine/runtime/types.ts';
import { checkBoxes } from './boxes.ts';
import type { GoldenCase } from './case.ts';
import { checkCaptions, checkFigures } from './grit-captions.ts';
import { checkRecords, checkSuppression } from './grit-records.ts';
import { checkBadImages, checkImages } from './images.ts';
import { checkPostprocess } from './postprocess.ts';
import { checkProcessorCases } from './processor-cases.ts';
import { checkPrompts } from './prompts.ts';
import { checkTokenizerIds } from './tokenizer-ids.ts';

export interface GoldenContext {
  /** The folder that holds the file. */
  folder: string;
  /** Path of the `tokenizer.json` to use; null when none was found. */
  tokenizerFile: string | null;
  /** Adapter for whatever runs on a device. */
  adapter: AdapterChoice;
}

export type Checker = (context: GoldenContext) => Promise<GoldenCase[]>;

export const CHECKERS: Readonly<Record<string, Checker>> = {
  'images.json': ({ folder }) => checkImages(folder),
  'bad.json': ({ folder }) => checkBadImages(folder),
  'ids.json': ({ folder, tokenizerFile }) => checkTokenizerIds(folder, tokenizerFile),
  'prompts.json': ({ folder, tokenizerFile }) => checkPrompts(folder, tokenizerFile),
  'processor.json': ({ folder, tokenizerFile }) => checkProcessorCases(folder, tokenizerFile),
  'boxes.json': ({ folder }) => checkBoxes(folder),
  'captions.json': ({ folder }) => checkCaptions(folder),
  'paper-figures.json': ({ folder }) => checkFigures(folder),
  'nms.json': ({ folder }) => checkSuppression(folder),
  'records.json': ({ folder }) => checkRecords(folder),
  'postprocess.json': ({ folder, tokenizerFile }) => checkPostprocess(folder, tokenizerFile),
};

/** Files that are known but that nothing checks yet, and why. */
export const NOT_CHECKED: Readonly<Record<string, string>> = {
  'captions.conllu': 'parsing raw captions is not implemented yet: the parses are only the input of captions.json',
  'training-sequences.json': 'training data is not implemented yet',
  'gradients.json': 'gradients are not implemented yet',
  'training.json': 'training is not implemented yet',
};
