/** Which file of a golden folder is checked by what. A new kind of file is a new row. */
import type { Kosmos2 } from '../../model/kosmos2.ts';
import { checkBoxes } from './boxes.ts';
import type { GoldenCase } from './case.ts';
import { checkExpected } from './expected.ts';
import { checkForward } from './forward.ts';
import { checkGeneration } from './generation.ts';
import { checkGradients } from './gradients.ts';
import { checkCaptions, checkFigures } from './grit-captions.ts';
import { checkRawCaptions } from './grit-raw-captions.ts';
import { checkRecords, checkSuppression } from './grit-records.ts';
import { checkBadImages, checkImages } from './images.ts';
import { checkCaptionMetrics, checkPtbTokenizer } from './metrics-captions.ts';
import { checkMultipleChoice } from './metrics-choice.ts';
import { checkGrounding } from './metrics-grounding.ts';
import { checkMeteor } from './metrics-meteor.ts';
import { checkVqa } from './metrics-vqa.ts';
import { checkPostprocess } from './postprocess.ts';
import { checkProcessorCases } from './processor-cases.ts';
import { checkPrompts } from './prompts.ts';
import { checkTensors } from './tensors.ts';
import { checkTokenizerIds } from './tokenizer-ids.ts';
import { checkTraining } from './training.ts';
import { checkTrainingSequences } from './training-sequences.ts';

export interface GoldenContext {
  /** The folder that holds the file. */
  folder: string;
  /** Path of the `tokenizer.json` to use; null when none was found. */
  tokenizerFile: string | null;
  /** The folder's model on the device of the command. */
  model: () => Promise<Kosmos2>;
}

export type Checker = (context: GoldenContext) => Promise<GoldenCase[]>;

export const CHECKERS: Readonly<Record<string, Checker>> = {
  'images.json': ({ folder }) => checkImages(folder),
  'bad.json': ({ folder }) => checkBadImages(folder),
  'ids.json': ({ folder, tokenizerFile }) => checkTokenizerIds(folder, tokenizerFile),
  'prompts.json': ({ folder, tokenizerFile }) => checkPrompts(folder, tokenizerFile),
  'processor.json': ({ folder, tokenizerFile }) => checkProcessorCases(folder, tokenizerFile),
  'boxes.json': ({ folder }) => checkBoxes(folder),
  'postprocess.json': ({ folder, tokenizerFile }) => checkPostprocess(folder, tokenizerFile),
  'training-sequences.json': ({ folder, tokenizerFile }) => checkTrainingSequences(folder, tokenizerFile),
  'captions.json': async ({ folder }) => [...(await checkCaptions(folder)), ...(await checkRawCaptions(folder))],
  'paper-figures.json': ({ folder }) => checkFigures(folder),
  'nms.json': ({ folder }) => checkSuppression(folder),
  'records.json': ({ folder }) => checkRecords(folder),
  'nlg.json': ({ folder }) => checkCaptionMetrics(folder),
  'ptb_tokenizer.json': ({ folder }) => checkPtbTokenizer(folder),
  'meteor.json': ({ folder }) => checkMeteor(folder),
  'vqa.json': ({ folder }) => checkVqa(folder),
  'grounding.json': ({ folder }) => checkGrounding(folder),
  'multiple_choice.json': ({ folder }) => checkMultipleChoice(folder),
  'tensors-full.json': ({ folder }) => checkTensors(folder),
  'forward.safetensors': async ({ folder, model }) => checkForward(folder, await model()),
  'generation.json': async ({ folder, model }) => checkGeneration(folder, await model()),
  'gradients.json': async ({ folder, model }) => checkGradients(folder, await model()),
  'training.json': async ({ folder, model }) => checkTraining(folder, await model()),
  'expected.json': async ({ folder, tokenizerFile, model }) => checkExpected(folder, tokenizerFile, await model()),
};

/** Files that are known but that are no results, and why. */
export const NOT_CHECKED: Readonly<Record<string, string>> = {
  'captions.conllu':
    'the parses are the input of captions.json, whose raw captions are checked by chunks and expressions',
};
