/** A code of 2-D sines and cosines for the places of a picture, and the attention that finds the neighbour of a place by it. */

export interface PlaceCode {
  /** Places per side of the picture. */
  readonly side: number;
  readonly width: number;
  /** Amplitude of the waves. */
  readonly height: number;
}

/** Half waves across the picture: from the coarsest to the finest. */
const [coarsest, finest] = [0.5, 8];
/** The kinds of columns, a quarter of the width each. */
const [sineDown, cosineDown, sineAcross, cosineAcross] = [0, 1, 2, 3];

function quarterOf(width: number): number {
  return Math.max(1, Math.floor(width / 4));
}

/** Radians per width of the picture, of wave `index` among `quarter`. */
function frequency(index: number, quarter: number): number {
  return Math.PI * coarsest * (finest / coarsest) ** (index / Math.max(1, quarter - 1));
}

/**
 * The code of a place of a `side` × `side` grid in rows of `width`: a quarter of the columns each holds sines and cosines of the row and of the column, with
 * frequencies in geometric steps. The same place has the same code in grids of different fineness.
 */
export function placeCode(place: number, { side, width, height }: PlaceCode): Float32Array {
  const quarter = quarterOf(width);
  return Float32Array.from({ length: width }, (_, column) => {
    const kind = Math.floor(column / quarter);
    if (kind > cosineAcross) return 0;
    const at = ((kind <= cosineDown ? Math.floor(place / side) : place % side) + 0.5) / side;
    const angle = frequency(column % quarter, quarter) * at;
    return height * (kind === sineDown || kind === sineAcross ? Math.sin(angle) : Math.cos(angle));
  });
}

/** Down and across: the four straight neighbours, then the diagonal ones. */
const DIRECTIONS = [
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [1, 1],
  [-1, -1],
  [1, -1],
  [-1, 1],
] as const;

export interface NeighbourAttention {
  /** Of queries and keys. */
  readonly width: number;
  readonly heads: number;
  readonly side: number;
  /** Of the places' code, which fills the first columns of the input. */
  readonly codeWidth: number;
  /** Of the query's and the key's entries. */
  readonly scale: number;
}

/** Whether every head gets an equal share of the waves. */
export function dividesWaves(codeWidth: number, heads: number): boolean {
  return codeWidth % (4 * heads) === 0;
}

/**
 * Sets rows of the matrix of queries or of keys [width, width], output by input, with which each head compares the code of the query's place with that of the
 * key's place moved by a step of its own, so that every patch looks first at one neighbour a head, as the taps of a convolution do (Zheng, Li and Lucey,
 * «Structured initialization for vision transformers»). Each head uses a share of the waves of its own, from coarse to fine; its other rows stay as they are.
 */
export function setNeighbourRows(matrix: Float32Array, role: 'query' | 'key', options: NeighbourAttention): void {
  const { width, heads, side, codeWidth, scale } = options;
  const quarter = quarterOf(codeWidth);
  const share = quarter / heads;
  for (let head = 0; head < heads; head++) {
    const [down, across] = DIRECTIONS[head % DIRECTIONS.length];
    for (let j = 0; j < 4 * share; j++) {
      const kind = Math.floor(j / share);
      const wave = head + heads * (j % share);
      const step = role === 'query' ? 0 : (kind <= cosineDown ? down : across) / side;
      const turn = frequency(wave, quarter) * step;
      const isSine = kind === sineDown || kind === sineAcross;
      const partner = isSine ? kind + 1 : kind - 1;
      const row = (head * (width / heads) + j) * width;
      matrix.fill(0, row, row + width);
      // sin(a − t) = sin a cos t − cos a sin t; cos(a − t) = cos a cos t + sin a sin t
      matrix[row + kind * quarter + wave] = scale * Math.cos(turn);
      matrix[row + partner * quarter + wave] = scale * Math.sin(turn) * (isSine ? -1 : 1);
    }
  }
}
