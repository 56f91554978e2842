/** The pieces of work that engines are compared on, as data that any process or page can be told. */

/** C[M, N] = A·B. A is [M, K], or [K, M] when transposed; B is [K, N], or [N, K] when transposed. */
export interface MatmulWork {
  readonly kind: 'matmul';
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** A and B are stored in f16; sums and C are f32 all the same. */
  readonly half?: boolean;
}

/** Attention of one sequence of [length, heads · headDim], scale 1/√headDim; with `backward` the gradients of q, k and v too. */
export interface AttentionWork {
  readonly kind: 'attention';
  readonly heads: number;
  readonly length: number;
  readonly headDim: number;
  readonly causal: boolean;
  readonly backward: boolean;
}

/** One forward pass of a KOSMOS-2: a picture and a prompt in, the logits of all positions on the host out. */
export interface ForwardWork {
  readonly kind: 'forward';
  readonly size: 'tiny' | 'small';
}

/** One optimiser step (AdamW) of a decoder on a batch of random tokens. */
export interface TrainingWork {
  readonly kind: 'training';
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly length: number;
  readonly batch: number;
  readonly vocabulary: number;
}

export type Work = MatmulWork | AttentionWork | ForwardWork | TrainingWork;

/** Multiplications and additions of a work, two for a multiply-add; null where nobody asks. */
export function flopsOf(work: Work): number | null {
  return work.kind === 'matmul' ? 2 * work.M * work.N * work.K : null;
}

/** What only this code is measured on. */
export type Measure =
  | { readonly kind: 'fma'; readonly tiny: boolean }
  | { readonly kind: 'decode'; readonly tiny: boolean }
  | { readonly kind: 'overhead'; readonly tiny: boolean }
  | { readonly kind: 'dispatch'; readonly tiny: boolean }
  | { readonly kind: 'first-step'; readonly tiny: boolean };

/** Named figures; units are part of the name. */
export type Figures = Readonly<Record<string, number>>;
