/** What every source of training data gives: pictures, and token sequences about them. */
import type { RgbImage } from '../image/image.ts';

/** One row of tokens before batching. All three lists have the same length. */
export interface TrainingSequence {
  /** `<s> … </s>`, with the slots of the pictures in it. */
  readonly ids: readonly number[];
  /** 1 on the slots that image vectors fill, picture after picture. */
  readonly imageMask: readonly number[];
  /** Aligned with the source token: 1 at i means that predicting token i + 1 counts. */
  readonly lossMask: readonly number[];
}

export interface TrainingExample {
  /** Already of the size that the model takes; in reading order of the slots. */
  readonly images: readonly RgbImage[];
  /** One or more rows; each of them is about all of the pictures. */
  readonly sequences: readonly TrainingSequence[];
}

/** An endless stream of examples that can be continued exactly. */
export interface ExampleStream {
  next(): Promise<TrainingExample>;
  /** Plain JSON. A stream opened with it goes on with the example that this one would give next. */
  state(): unknown;
  /** Records that were left out so far, by reason; with the names of the first few. */
  problems(): readonly ProblemCount[];
  close(): Promise<void>;
}

export interface ProblemCount {
  readonly reason: string;
  readonly count: number;
  /** Where the first few were: file and line, or record name. */
  readonly examples: readonly string[];
}
