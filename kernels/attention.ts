/**
 * Flash attention, forward: softmax(scale·Q·Kᵀ)·V with a running maximum and sum; no T×T matrix exists anywhere.
 *
 * Q is [B, Tq, H·d], K and V are [B, Tk, H·d], read in place. A thread owns one query row: q and the unnormalised output in registers.
 * Keys go by in blocks of four. A row attends to keys `start[b] ≤ j < end[b]`, and when causal to j ≤ i + Tk − Tq; the causal rule
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
const keysPerBlock = 4;
const keysPerTile = 16;

export function attentionGrid(queries: number, heads: number, batch: number): Grid {
  return [Math.ceil(queries / attentionRows), heads, batch];
}

export function attentionKernel({ headDim, causal, bounded, type, staging }: AttentionOptions): KernelSource {
  const quads = headDim / 4;
  const rowsOfBlock = (name: 'k' | 'v', use: (key: number, quad: number, value: string) => string) =>
    unroll(keysPerBlock, (key) => {
      if (staging === 'subgroup') {
        const own = range(Math.ceil(quads / 8)).map(
          (part) =>
            `let own${part} = load_${name}(${name}Base + min(j + ${key}u, lastKey) * p.stride4 + min(${part * 8}u + subgroupLane, ${quads - 1}u));`,
        );
        const uses = range(quads).map((quad) => use(key, quad, `subgroupBroadcast(own${quad >> 3}, ${quad & 7}u)`));
        return `{\n${[...own, ...uses].join('\n')}\n}`;
      }
      const source = (quad: number) =>
        staging === 'workgroup'
          ? `tile_${name}[(j - tileStart + ${key}u) * ${quads}u + ${quad}u]`
          : `load_${name}(at + ${quad}u)`;
      const at = staging === 'none' ? `let at = ${name}Base + min(j + ${key}u, lastKey) * p.stride4;` : '';
      return `{\n${[at, ...range(quads).map((quad) => use(key, quad, source(quad)))].join('\n')}\n}`;
    });
  const block = [
    'var s = vec4<f32>();',
    rowsOfBlock('k', (key, quad, value) => `s[${key}] += dot(q${quad}, ${value});`),
    unroll(
      keysPerBlock,
      (key) => `s[${key}] = select(${lowest}, s[${key}] * p.scale, j + ${key}u >= first && j + ${key}u < limit);`,
    ),
    'let largest = max(m, max(max(s.x, s.y), max(s.z, s.w)));',
    'let keep = exp(m - largest);',
    // a masked key must weigh nothing even while every key so far was masked (s − largest would be 0)
    `let w = select(exp(s - largest), vec4<f32>(), s <= vec4<f32>(${lowest}));`,
    'l = l * keep + w.x + w.y + w.z + w.w;',
    'm = largest;',
    unroll(quads, (quad) => `o${quad} *= keep;`),
    rowsOfBlock('v', (key, quad, value) => `o${quad} = fma(vec4<f32>(w[${key}]), ${value}, o${quad});`),
  ].join('\n');
  const blocks = (from: string, to: string) => `for (var j = ${from}; j < ${to}; j += ${keysPerBlock}u) {\n${block}\n}`;
  const tiles = [
    `for (var tileStart = firstTile; tileStart < lastOfGroup; tileStart += ${keysPerTile}u) {`,
    'workgroupBarrier();',
    `for (var t = lane; t < ${keysPerTile * quads}u; t += ${attentionRows}u) {`,
    `let key = min(tileStart + t / ${quads}u, lastKey);`,
    `tile_k[t] = load_k(kBase + key * p.stride4 + t % ${quads}u);`,
    `tile_v[t] = load_v(vBase + key * p.stride4 + t % ${quads}u);`,
    '}',
    'workgroupBarrier();',
    blocks('tileStart', `tileStart + ${keysPerTile}u`),
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
      'let lastKey = p.keys - 1u;',
      // the same for all threads of the workgroup, so that barriers and broadcasts lie in uniform control flow
      causal
        ? `let lastOfGroup = min(end, min(blockStart + ${attentionRows}u, p.queries) + p.keys - p.queries);`
        : 'let lastOfGroup = end;',
      causal ? 'let limit = min(end, query + p.keys - p.queries + 1u);' : 'let limit = end;',
      `let firstTile = first - first % ${keysPerTile}u;`,
      `let kBase = batch * p.keys * p.stride4 + head * ${quads}u;`,
      'let vBase = kBase;',
      `let qBase = (batch * p.queries + query) * p.stride4 + head * ${quads}u;`,
      unroll(quads, (quad) => `let q${quad} = load_q(qBase + ${quad}u);\nvar o${quad} = vec4<f32>();`),
      `var m = ${lowest};`,
      'var l = 0.0;',
      staging === 'workgroup' ? tiles : blocks('firstTile', 'lastOfGroup'),
      `if (blockStart + lane >= p.queries) { return; }`,
      // a row without any key gives zeros
      'let inverse = select(1.0 / l, 0.0, l == 0.0);',
      unroll(quads, (quad) => `store_out(qBase + ${quad}u, o${quad} * inverse);`),
      'store_lse((batch * p.heads + head) * p.queries + query, m + log(l));',
    ].join('\n'),
  });
}
