/** What every source of training data gives: pictures, token sequences about them, and what their patches show. */
import type { RgbImage } from '../image/image.ts';

/** One row of tokens before batching. All lists have the same length. */
export interface TrainingSequence {
  /** `<s> … </s>`, with the slots of the pictures in it. */
  readonly ids: readonly number[];
  /** What the model reads, where that is not what it is to predict. */
  readonly readIds?: readonly number[];
  /** 1 on the slots that image vectors fill, picture after picture. */
  readonly imageMask: readonly number[];
  /** Aligned with the source token: 1 at i means that predicting token i + 1 counts. */
  readonly lossMask: readonly number[];
  /** Aligned likewise: tokens that take no part in predicting token i + 1, as how likely they are there is left open. */
  readonly openIds?: readonly (readonly number[])[];
}

/** A token that names what a patch of a picture shows. */
export interface PatchToken {
  /** Number of the picture among those of the example. */
  readonly image: number;
  /** Row by row, from the upper left. */
  readonly patch: number;
  readonly id: number;
  /** Tokens that might name this patch as well, besides those of the whole example. */
  readonly openIds?: readonly number[];
}

export interface TrainingExample {
  /** Already of the size that the model takes; in reading order of the slots. */
  readonly images: readonly RgbImage[];
  /** Rows, each of them about all of the pictures; none where the patches alone are to be named. */
  readonly sequences: readonly TrainingSequence[];
  /** What the patches of the pictures are to be named; a patch may have several names. */
  readonly patchTokens?: readonly PatchToken[];
  /** Tokens that name no patch here, but might: how likely they are is left open. */
  readonly openTokens?: readonly number[];
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
