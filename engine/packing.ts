/**
 * Small pieces side by side in one buffer. At each submit a driver looks at every buffer of every dispatch, so hundreds of small ones (biases and gains of a
 * deep model) cost far more time than their bytes.
 */

/** Offsets of bindings are multiples of this on every adapter. */
const bindingAlignment = 256;

/** Larger pieces have buffers of their own. */
const largestPiece = 2 ** 15;

export interface Packing<Piece> {
  readonly offsets: ReadonlyMap<Piece, number>;
  /** Of the whole buffer; 0 where there is nothing to pack. */
  readonly bytes: number;
}

/** Places for those of the pieces that are small; none where there are not two of them. */
export function pack<Piece>(pieces: Iterable<readonly [piece: Piece, bytes: number]>): Packing<Piece> {
  const small = [...pieces].filter(([, bytes]) => bytes <= largestPiece);
  if (small.length < 2) return { offsets: new Map(), bytes: 0 };
  const offsets = new Map<Piece, number>();
  let end = 0;
  for (const [piece, bytes] of small) {
    offsets.set(piece, end);
    end += aligned(bytes);
  }
  return { offsets, bytes: end };
}

/** The next multiple of {@link bindingAlignment}. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / bindingAlignment) * bindingAlignment;
}
