/** How a model is put to a task: what it is asked, how it answers, and what is kept of that. */
import type { TextBoxes } from '../../data/index.ts';
import type { Row } from '../data/fields.ts';
import type { Written } from './answerer.ts';
import type { PictureSource } from './pictures.ts';

/** The picture that a row is about; null for none. */
export type PictureOf<T> = (item: T) => PictureSource | null;

/** What a model is asked. */
export interface Prompted<T> {
  readonly prompt: string;
  /** Rows whose pictures come before the row's own; the prompt then has an `<image>` where each of them goes. */
  readonly shots?: readonly T[];
  /** Boxes of the prompt's phrases, one entry for each. */
  readonly boxes?: TextBoxes;
}

export interface Decoding {
  /** Most tokens of an answer. A model with a short context writes at most half of it. */
  readonly maxNewTokens: number;
  /** Most tokens of prompt and answer together, behind `<s>`. */
  readonly maxTokens?: number;
  /** Default 1: greedy. */
  readonly beams?: number;
}

/** What a prompt may be made of besides its own row. */
export interface AskingContext<T> {
  /** All rows of the data. */
  readonly items: readonly T[];
  /** Cells per side of the model's location tokens. */
  readonly gridSize: number;
  /** Demonstrations in front of each prompt. */
  readonly shots: number;
}

export interface Writing<T> {
  readonly kind: 'writing';
  readonly pictureOf: PictureOf<T>;
  readonly decoding: Decoding;
  readonly ask: (item: T, context: AskingContext<T>) => Prompted<T>;
  /** What a line of predictions holds besides id, prompt and output. @param size of the picture, in pixels */
  readonly predict: (written: Written, item: T, size: { readonly width: number; readonly height: number }) => Row;
}

/** What is scored by likelihood. */
export interface Option {
  /** What goes before, unscored. */
  readonly context: string;
  /** What is scored, with the space before it. */
  readonly text: string;
}

export interface Choosing<T> {
  readonly kind: 'choosing';
  readonly pictureOf: PictureOf<T>;
  readonly ask: (item: T) => readonly Option[];
}

export type Asking<T> = Writing<T> | Choosing<T>;
