/** What the page and the thread of its model say to each other. */
import type { Answer, Entity, RgbImage, TextBoxes } from '../../index.ts';

export type ModelSource =
  | { readonly kind: 'url'; readonly url: string; readonly name: string }
  | { readonly kind: 'hub'; readonly id: string; readonly name: string }
  /** Files of a folder, by their paths in it. */
  | { readonly kind: 'files'; readonly files: readonly (readonly [path: string, file: Blob])[]; readonly name: string };

/** A file as it was chosen, or pixels. */
export type PictureContent = Blob | RgbImage;

export interface Question {
  readonly prompt: string;
  readonly boxes?: TextBoxes;
  readonly maxNewTokens: number;
  /** 0 takes the likeliest token. */
  readonly temperature: number;
}

export type ToModel =
  | { readonly kind: 'load'; readonly source: ModelSource }
  | { readonly kind: 'picture'; readonly id: number; readonly content: PictureContent }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  | { readonly kind: 'stop' };

export interface Progress {
  readonly stage: 'download' | 'weights' | 'kernels';
  readonly done: number;
  readonly all: number;
  readonly file?: string;
}

export interface LoadedModel {
  readonly adapter: string;
  /** Of loading; seconds. */
  readonly seconds: number;
  /** What the model says of itself, for people. */
  readonly size: string;
}

/** The answer as far as it has come. */
export interface PartialAnswer {
  readonly text: string;
  readonly entities: readonly Entity[];
}

export type FromModel =
  | ({ readonly kind: 'progress' } & Progress)
  | ({ readonly kind: 'loaded' } & LoadedModel)
  | { readonly kind: 'picture'; readonly id: number; readonly warnings: readonly string[] }
  | ({ readonly kind: 'partial'; readonly id: number } & PartialAnswer)
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  /** `id` of the message that could not be done; none for the model itself. */
  | { readonly kind: 'failed'; readonly id?: number; readonly message: string }
  | { readonly kind: 'lost'; readonly message: string };
