/** Where pairs come from, whatever holds them. */
import type { BadPair, CaptionPair } from './pair.ts';

export interface PairItem {
  readonly pair: CaptionPair | BadPair;
  /** Where to go on behind it: plain JSON. */
  readonly next: unknown;
}

export interface PairSource {
  /** What tells this input from another, as plain JSON: a run is not continued with another one. */
  readonly identity: unknown;
  /** Roughly how much of the shard lies before a place, 0…1; absent where that is not known. */
  share?(next: unknown): number;
  /**
   * In an order that is always the same.
   *
   * @param from what an item's `next` said; null for the beginning
   */
  items(from: unknown): AsyncIterable<PairItem>;
}
