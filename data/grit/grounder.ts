/** What finds the things in a picture that a caption speaks of. */
import type { PictureSource } from '../corpora/picture-files.ts';
import type { ProblemSink } from './problems.ts';
import type { Detection, PictureFacts } from './records.ts';
import type { StageClock } from './run/clock.ts';
import type { Span } from './spans.ts';

/** A noun chunk that a box is asked for. */
export interface Phrase extends Span {
  /** Index into the caption's noun chunks. */
  chunk: number;
  text: string;
}

export interface GroundingRequest {
  /** The caption's id, which names its picture too. */
  id: string;
  caption: string;
  /** Noun chunks that were dropped are not among them; may be empty. */
  phrases: readonly Phrase[];
  /** How many noun chunks the caption has, those that were dropped included. */
  chunkCount: number;
  /** Null where nothing says where it is. */
  picture: PictureSource | null;
}

export interface GroundedPicture {
  /** Boxes with scores, in no particular order, not yet suppressed or filtered. */
  detections: Detection[];
  /** What the grounder knows of the picture. */
  picture: Partial<PictureFacts>;
}

export interface Grounder {
  /** What tells its answers from those of another, as plain JSON: a run is not continued with another one. */
  readonly identity: unknown;
  /** May begin to load what `ground` will need of these requests; the clock is told how long pictures take. */
  prefetch?(requests: readonly GroundingRequest[], clock: StageClock): void;
  /**
   * One answer for each request, in their order; null where there is no picture.
   *
   * @param problems is told of what cannot be used, pictures among it
   */
  ground(
    requests: readonly GroundingRequest[],
    problems: ProblemSink,
    clock?: StageClock,
  ): Promise<(GroundedPicture | null)[]>;
  /** What is wrong with its own input as a whole, once every caption was asked about. */
  leftOver?(problems: ProblemSink): Promise<void>;
  /** Lets go of files and devices. */
  close(): Promise<void>;
}
