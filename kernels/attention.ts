/**
 * Flash attention, forward: softmax(scale·Q·Kᵀ)·V with a running maximum and sum; no T×T matrix exists anywhere.
 *
 * Q is [B, Tq, H·d], K and V are [B, Tk, H·d], read in place. A thread owns one query row: q and the unnormalised output in registers.
 * A row attends to keys `start[b] ≤ j < end[b]`, and when causal to j ≤ i + Tk − Tq; the causal rule
 * is a loop bound, so blocks past it cost nothing. Writes the output [B, Tq, H·d] and the log-sum-exp of every row, [B, H, Tq].
 *
 * K and V come to the threads in one of three ways: `workgroup`: 16 keys at a time through workgroup memory (2 × 16 × d f32, 8 KiB at
 * d = 64); `subgroup`: each of 8 lanes loads an eighth of a row and broadcasts hand it round; `none`: every thread loads for itself.
 */
import { type ElementType, type Grid, type KernelSource, kernelSource, lowest, range, u32, unroll } from './source.ts';

export type Staging = 'workgroup' | 'subgroup' | 'none';

export interface AttentionOptions {
  /** Head dimension, a multiple of 4. */
  headDim: number;
  causal: boolean;
  /** A buffer of [B, 2] i32 gives start and end of the keys of every batch row. */
  bounded: boolean;
  type: ElementType;
  staging: Staging;
}

/** Query rows of a workgroup. */
export const attentionRows = 64;
const keysPerTile = 16;

export function attentionGrid(queries: number, heads: number, batch: number): Grid {
  return [Math.ceil(queries / attentionRows), heads, batch];
}

export function attentionKernel({ headDim, causal, bounded, type, staging }: AttentionOptions): KernelSource {
  const quads = headDim / 4;
  /** One statement for each vec4 of row `j` of K or V, however it reaches the thread. */
  const forRow = (name: 'k' | 'v', use: (quad: number, value: string) => string) => {
    if (staging === 'subgroup') {
      const own = range(Math.ceil(quads / 8)).map(
        (part) =>
          `let own_${name}${part} = load_${name}(${name}Base + j * p.stride4 + min(${part * 8}u + subgroupLane, ${quads - 1}u));`,
      );
      return [
        ...own,
        ...range(quads).map((quad) => use(quad, `subgroupBroadcast(own_${name}${quad >> 3}, ${quad & 7}u)`)),
      ].join('\n');
    }
    const row = staging === 'workgroup' ? `(j - tileStart) * ${quads}u` : `${name}Base + j * p.stride4`;
    const value = (quad: number) =>
      staging === 'workgroup' ? `tile_${name}[row_${name} + ${quad}u]` : `load_${name}(row_${name} + ${quad}u)`;
    return [`let row_${name} = ${row};`, ...range(quads).map((quad) => use(quad, value(quad)))].join('\n');
  };
  const key = [
    'var s = 0.0;',
    forRow('k', (quad, value) => `s += dot(q${quad}, ${value});`),
    `s = select(${lowest}, s * p.scale, j < limit);`,
    // the output is rescaled only when the maximum grows, which soon becomes rare
    'if (s > m) {',
    'let keep = exp(m - s);',
    'l *= keep;',
    unroll(quads, (quad) => `o${quad} *= keep;`),
    'm = s;',
    '}',
    'let w = select(0.0, exp(s - m), j < limit);',
    'l += w;',
    forRow('v', (quad, value) => `o${quad} = fma(vec4<f32>(w), ${value}, o${quad});`),
  ].join('\n');
  const keys = (from: string, to: string) => `for (var j = ${from}; j < ${to}; j++) {\n${key}\n}`;
  const tiles = [
    `for (var tileStart = first; tileStart < lastOfGroup; tileStart += ${keysPerTile}u) {`,
    'workgroupBarrier();',
    `for (var t = lane; t < ${keysPerTile * quads}u; t += ${attentionRows}u) {`,
    `let at = min(tileStart + t / ${quads}u, p.keys - 1u) * p.stride4 + t % ${quads}u;`,
    'tile_k[t] = load_k(kBase + at);',
    'tile_v[t] = load_v(vBase + at);',
    '}',
    'workgroupBarrier();',
    keys('tileStart', `min(tileStart + ${keysPerTile}u, lastOfGroup)`),
    '}',
  ].join('\n');
  return kernelSource({
    name: `attention ${headDim}${causal ? ' causal' : ''} ${staging}`,
    enables: staging === 'subgroup' ? ['subgroups'] : [],
    parameters: [...u32('queries', 'keys', 'heads', 'stride4'), { name: 'scale', type: 'f32' }],
    buffers: [
      { name: 'q', type, vector: true },
      { name: 'k', type, vector: true },
      { name: 'v', type, vector: true },
      ...(bounded ? [{ name: 'bounds', type: 'i32' as const }] : []),
      { name: 'out', type: 'f32', vector: true, write: true },
      { name: 'lse', type: 'f32', write: true },
    ],
    declarations:
      staging === 'workgroup'
        ? ['k', 'v'].map((name) => `var<workgroup> tile_${name}: array<vec4<f32>, ${keysPerTile * quads}>;`)
        : [],
    workgroupSize: [attentionRows],
    usesSubgroupLane: staging === 'subgroup',
    body: [
      'let batch = workgroup.z;',
      'let head = workgroup.y;',
      `let blockStart = workgroup.x * ${attentionRows}u;`,
      'let query = min(blockStart + lane, p.queries - 1u);',
      bounded ? 'let first = u32(bounds[batch * 2u]);' : 'let first = 0u;',
      bounded ? 'let end = min(u32(bounds[batch * 2u + 1u]), p.keys);' : 'let end = p.keys;',
      // the same for all threads of the workgroup, so that barriers and broadcasts lie in uniform control flow
      causal
        ? `let lastOfGroup = min(end, min(blockStart + ${attentionRows}u, p.queries) + p.keys - p.queries);`
        : 'let lastOfGroup = end;',
      causal ? 'let limit = min(end, query + p.keys - p.queries + 1u);' : 'let limit = end;',
      `let kBase = batch * p.keys * p.stride4 + head * ${quads}u;`,
      'let vBase = kBase;',
      `let qBase = (batch * p.queries + query) * p.stride4 + head * ${quads}u;`,
      unroll(quads, (quad) => `let q${quad} = load_q(qBase + ${quad}u);\nvar o${quad} = vec4<f32>();`),
      `var m = ${lowest};`,
      'var l = 0.0;',
      staging === 'workgroup' ? tiles : keys('first', 'lastOfGroup'),
      `if (blockStart + lane >= p.queries) { return; }`,
      // a row without any key gives zeros
      'let inverse = select(1.0 / l, 0.0, l == 0.0);',
      unroll(quads, (quad) => `store_out(qBase + ${quad}u, o${quad} * inverse);`),
      'store_lse((batch * p.heads + head) * p.queries + query, m + log(l));',
    ].join('\n'),
  });
}
