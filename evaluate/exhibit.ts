/** What a gallery shows of the rows of a task. */
import type { Box } from '../data/index.ts';
import type { PictureSource } from './run/pictures.ts';

/** Boxes under a label. */
export interface ShownBoxes {
  readonly label: string;
  readonly boxes: readonly Box[];
  /** False: the words and the boxes together are not true of the picture. Absent where nothing tells. */
  readonly isTrue?: boolean;
}

/** One option of a choice, with its mean log-probability. */
export interface ShownOption {
  readonly text: string;
  readonly score: number;
  readonly isChosen: boolean;
  readonly isRight: boolean;
}

/** What a task says of an answer. */
export interface Shown {
  /** Null where an answer is not simply right or wrong. */
  readonly isRight: boolean | null;
  /** Texts that would be right. */
  readonly expected: readonly string[];
  readonly predicted: readonly ShownBoxes[];
  readonly truth: readonly ShownBoxes[];
  /** The picture's width and height in the unit of the boxes; null where that is the pixel. */
  readonly size: { readonly width: number; readonly height: number } | null;
  readonly options?: readonly ShownOption[];
}

export interface Exhibit extends Shown {
  readonly id: string;
  readonly picture: PictureSource | null;
  readonly prompt: string | null;
  /** What the model wrote, with its tags. */
  readonly output: string | null;
}

/** Of tasks whose answers are texts. */
export function shownText(isRight: boolean | null, expected: readonly string[]): Shown {
  return { isRight, expected, predicted: [], truth: [], size: null };
}
