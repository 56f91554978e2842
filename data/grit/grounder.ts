/** What finds the things in a picture that a caption speaks of. */
import type { Detection, PictureFacts } from './records.ts';
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
}

export interface GroundedPicture {
  /** Boxes with scores, in no particular order, not yet suppressed or filtered. */
  detections: Detection[];
  picture: PictureFacts;
}

export interface Grounder {
  /** One answer for each request, in their order; null where there is no picture. */
  ground(requests: readonly GroundingRequest[]): Promise<(GroundedPicture | null)[]>;
  /** Tells what is left to tell and lets go of files and devices. */
  close(): Promise<void>;
}
