/** The fastest tiles by family of adapters, written by `bench/autotune.ts --write` on one of the family. */
import type { TileTable } from './tiles.ts';

export const tunedTiles: Readonly<Record<string, TileTable>> = {};
