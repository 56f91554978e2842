/** A model that is evaluated, with what belongs to it. */
import { KOSMOS2_PREPROCESSOR, type PreprocessorConfig, type Processor } from '../../data/index.ts';
import type { Kosmos2 } from '../../model/index.ts';

export interface Subject {
  readonly model: Kosmos2;
  readonly processor: Processor;
  /** Default: the published settings, with pictures of the model's size. */
  readonly preprocessor?: Readonly<PreprocessorConfig>;
  /** No n-gram of this size twice in prompt and answer; default: what the model's configuration says. */
  readonly noRepeatNgram?: number;
}

export function preprocessorOf({ model, preprocessor }: Subject): Readonly<PreprocessorConfig> {
  const side = model.config.vision.imageSize;
  return preprocessor ?? { ...KOSMOS2_PREPROCESSOR, resize: { height: side, width: side }, crop: null };
}
