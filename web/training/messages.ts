/** What the page and the thread that trains say to each other. */
import type { MetricsRow } from '../../train/report/metrics.ts';

export interface RunFile {
  /** In the run's folder. */
  readonly path: string;
  readonly content: Blob;
}

export type ToTrainer =
  /** Goes on with the run that is there; with `configuration` it is thrown away, and a new one begins. */
  | { readonly kind: 'run'; readonly configuration?: object }
  | { readonly kind: 'pause' }
  | { readonly kind: 'look' }
  | { readonly kind: 'discard' }
  | { readonly kind: 'save' }
  | { readonly kind: 'load'; readonly files: readonly RunFile[] | Blob };

export interface RunStatus {
  /** Steps done at its newest checkpoint, and of the whole run. */
  readonly step: number;
  readonly steps: number;
  readonly seconds: number;
  /** The newest checkpoint, which is a model folder, too. */
  readonly folder: string;
}

export interface SampleSheet {
  readonly step: number;
  readonly png: Blob;
}

export type FromTrainer =
  | { readonly kind: 'started'; readonly adapter: string; readonly steps: number; readonly firstStep: number }
  | { readonly kind: 'compiling'; readonly done: number; readonly all: number }
  | { readonly kind: 'row'; readonly row: MetricsRow }
  /** Everything that was measured so far, and the newest samples. */
  | { readonly kind: 'history'; readonly rows: readonly MetricsRow[]; readonly samples: SampleSheet | null }
  /** The run that is there and does not go on by itself; null for none. */
  | { readonly kind: 'status'; readonly status: RunStatus | null }
  | { readonly kind: 'saved'; readonly name: string; readonly archive: Blob }
  /** `isLost`: of the device; what was saved is still there. */
  | { readonly kind: 'failed'; readonly message: string; readonly isLost: boolean };
