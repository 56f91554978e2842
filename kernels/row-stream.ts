/**
 * How attention kernels pass by the rows of two matrices [B, rows, H·d], one row at a time, all threads of a workgroup together:
 *
 * - `workgroup`: 16 rows of each at a time through workgroup memory (2 × 16 × d f32, 8 KiB at d = 64); for GPUs.
 * - 4 or 8: so many lanes of a subgroup load a part of a row each, and broadcasts hand it round; for software adapters with such subgroups.
 * - 0: every thread loads every row for itself; for other software adapters.
 */
import { range, type SubgroupLanes } from './source.ts';

export type Staging = 'workgroup' | SubgroupLanes;

/** What a kernel needs for it, and its name. */
export function stagingParts(staging: Staging) {
  const usesSubgroupLane = staging !== 'workgroup' && staging > 0;
  const word = usesSubgroupLane ? 'subgroup' : staging === 'workgroup' ? staging : 'thread';
  return { word, parts: { enables: usesSubgroupLane ? ['subgroups'] : [], usesSubgroupLane } };
}

const rowsPerTile = 16;

/**
 * Threads of a workgroup, each with a row of its own. Where they load together into workgroup memory, many share the loads; elsewhere one subgroup of 8 is
 * enough, and fewer threads lie past the last row or wait for keys that only later rows see.
 */
export function streamThreads(staging: Staging): number {
  return staging === 'workgroup' ? 64 : 8;
}

export interface RowStream {
  readonly staging: Staging;
  /** vec4s in a row of one head. */
  readonly quads: number;
  /** Threads of the workgroup. */
  readonly threads: number;
  /** Names of the two buffers; `<name>Base` is where the head of row 0 begins, in vec4s; `p.stride4` leads to the next row. */
  readonly names: readonly [string, string];
  /** WGSL of the first row and the end; the same for all threads, since barriers and broadcasts need uniform control flow. */
  readonly first: string;
  readonly end: string;
  /** WGSL of the number of rows that exist. */
  readonly extent: string;
}

/** Emits a statement for every vec4 of the row at hand of one of the two matrices. */
export type ForRow = (name: string, statement: (quad: number, value: string) => string) => string;

export function streamDeclarations({ staging, quads, names }: RowStream): string[] {
  if (staging !== 'workgroup') return [];
  return names.map((name) => `var<workgroup> tile_${name}: array<vec4<f32>, ${rowsPerTile * quads}>;`);
}

/** The loop over rows `j`; `body` is what happens to one row. */
export function streamLoop(stream: RowStream, body: (forRow: ForRow) => string): string {
  const { staging, quads, threads, names, first, end, extent } = stream;
  const forRow: ForRow = (name, statement) => {
    if (staging === 4 || staging === 8) {
      const own = range(Math.ceil(quads / staging)).map(
        (part) =>
          `let own_${name}${part} = load_${name}(${name}Base + j * p.stride4 + min(${part * staging}u + subgroupLane, ${quads - 1}u));`,
      );
      const uses = range(quads).map((quad) =>
        statement(quad, `subgroupBroadcast(own_${name}${Math.floor(quad / staging)}, ${quad % staging}u)`),
      );
      return [...own, ...uses].join('\n');
    }
    const tiled = staging === 'workgroup';
    const row = tiled ? `(j - tileStart) * ${quads}u` : `${name}Base + j * p.stride4`;
    const value = (quad: number) =>
      tiled ? `tile_${name}[row_${name} + ${quad}u]` : `load_${name}(row_${name} + ${quad}u)`;
    return [`let row_${name} = ${row};`, ...range(quads).map((quad) => statement(quad, value(quad)))].join('\n');
  };
  const rows = (from: string, to: string) => `for (var j = ${from}; j < ${to}; j++) {\n${body(forRow)}\n}`;
  if (staging !== 'workgroup') return rows(first, end);
  return [
    `for (var tileStart = ${first}; tileStart < ${end}; tileStart += ${rowsPerTile}u) {`,
    'workgroupBarrier();',
    `for (var t = lane; t < ${rowsPerTile * quads}u; t += ${threads}u) {`,
    `let at = min(tileStart + t / ${quads}u, ${extent} - 1u) * p.stride4 + t % ${quads}u;`,
    ...names.map((name) => `tile_${name}[t] = load_${name}(${name}Base + at);`),
    '}',
    'workgroupBarrier();',
    rows('tileStart', `min(tileStart + ${rowsPerTile}u, ${end})`),
    '}',
  ].join('\n');
}

/** WGSL of `first` and `end`: the keys that exist in this batch row. */
export function keyRange(bounded: boolean): string[] {
  return [
    bounded ? 'let first = u32(bounds[batch * 2u]);' : 'let first = 0u;',
    bounded ? 'let end = min(u32(bounds[batch * 2u + 1u]), p.keys);' : 'let end = p.keys;',
  ];
}

/**
 * WGSL of `lastOfGroup`, the end of the keys that any query of the workgroup sees (the same for all its threads, so that barriers and
 * broadcasts lie in uniform control flow), and of `limit`, the end of those that the thread's own query sees.
 */
export function keyLimits(causal: boolean, threads: number): string[] {
  if (!causal) return ['let lastOfGroup = end;', 'let limit = end;'];
  return [
    `let lastOfGroup = min(end, min(blockStart + ${threads}u, p.queries) + p.keys - p.queries);`,
    'let limit = min(end, query + p.keys - p.queries + 1u);',
  ];
}
