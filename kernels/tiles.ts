/** Tiles of the matrix product for GPUs, and which of them serves which shape on which family of adapters. */
import { tunedTiles } from './tuned-tiles.ts';

/** What a workgroup computes, in elements of C, and how it is dealt out. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  /** Along K, of the parts of A and B that lie in workgroup memory at a time; a multiple of 4. */
  readonly depth: number;
  /** What a thread computes; `threadColumns` is a multiple of 4. */
  readonly threadRows: number;
  readonly threadColumns: number;
}

export function threadsOf({ rows, columns, threadRows, threadColumns }: Tile): number {
  return (rows / threadRows) * (columns / threadColumns);
}

export function workgroupBytesOf({ rows, columns, depth }: Tile): number {
  return 4 * depth * (rows + columns);
}

const shapes = [
  { rows: 32, columns: 32, threadRows: 4, threadColumns: 4 },
  { rows: 64, columns: 32, threadRows: 4, threadColumns: 4 },
  { rows: 64, columns: 64, threadRows: 4, threadColumns: 4 },
  { rows: 64, columns: 64, threadRows: 8, threadColumns: 4 },
  { rows: 128, columns: 64, threadRows: 8, threadColumns: 8 },
];

/** The floor that every WebGPU device guarantees. */
const guaranteed = { threads: 256, workgroupBytes: 16384 };

/** What tuning tries: no device refuses one of them. */
export const candidateTiles: readonly Tile[] = shapes
  .flatMap((shape) => [8, 16, 32].map((depth) => ({ ...shape, depth })))
  .filter((tile) => threadsOf(tile) <= guaranteed.threads && workgroupBytesOf(tile) <= guaranteed.workgroupBytes);

/** Where nothing was measured. */
export const defaultTile: Tile = { rows: 64, columns: 64, depth: 16, threadRows: 4, threadColumns: 4 };

/** `flat`: few rows; `small`: too few tiles of the default to fill a GPU; `large`: the rest. */
export type ShapeClass = 'flat' | 'small' | 'large';

export function shapeClassOf(M: number, N: number): ShapeClass {
  if (M <= 32) return 'flat';
  const { rows, columns } = defaultTile;
  return Math.ceil(M / rows) * Math.ceil(N / columns) < 256 ? 'small' : 'large';
}

export type TileTable = Readonly<Record<ShapeClass, Tile>>;

const untuned: TileTable = { flat: defaultTile, small: defaultTile, large: defaultTile };

/** Names of the families that an adapter belongs to, the narrowest first: «nvidia hopper», «nvidia». */
export function familiesOf({ vendor, architecture }: { vendor: string; architecture: string }): string[] {
  return [`${vendor} ${architecture}`.trim().toLowerCase(), vendor.toLowerCase()].filter((name) => name !== '');
}

/** The tiles of an adapter: as measured on its family, else the default. */
export function tilesFor(info: { vendor: string; architecture: string }): TileTable {
  const family = familiesOf(info).find((name) => name in tunedTiles);
  return family ? tunedTiles[family] : untuned;
}
