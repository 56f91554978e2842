/** What is compared: this code or a peer, seen through one interface. */
import type { Figures, Measure, Work } from '../works.ts';

/** A work made ready on an engine: inputs uploaded, kernels compiled as far as the engine does that before the first run. */
export interface Prepared {
  /** Does the work once; resolves when the device is done with it. */
  run(): Promise<void>;
  /** The results, row-major, in the layout that `Work` tells. For training: the losses of the first three steps from fresh parameters. */
  outputs(): Promise<Float32Array[]>;
  release(): void;
}

export interface Engine {
  /** The adapter that it runs on, as far as it knows. */
  readonly adapter: string;
  /** Throws an {@link Unsupported} for a work that it has no way to do. */
  prepare(work: Work): Promise<Prepared>;
  /** Only of this code. */
  measure?(measure: Measure): Promise<Figures>;
}

/** This engine cannot do that, whatever the adapter. The message is the reason that the table shows. */
export class Unsupported extends Error {}
