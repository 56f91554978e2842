/**
 * Flash attention, forward: softmax(scale·Q·Kᵀ)·V with a running maximum and sum; no T×T matrix exists anywhere.
 *
 * Q is [B, Tq, H·d], K and V are [B, Tk, H·d], read in place. A thread owns one query row: q and the unnormalised output in registers.
 * A row attends to keys `start[b] ≤ j < end[b]`, and when causal to j ≤ i + Tk − Tq; the causal rule
 * is a loop bound, so blocks past it cost nothing. Writes the output [B, Tq, H·d] and the log-sum-exp of every row, [B, H, Tq].
 *
 * How K and V come to the threads: see `row-stream.ts`.
 */
import { keyWords, philoxFunction } from './random.ts';
import {
  type ForRow,
  keyLimits,
  keyRange,
  type RowStream,
  type Staging,
  stagingParts,
  streamDeclarations,
  streamLoop,
  streamThreads,
} from './row-stream.ts';
import {
  type ElementType,
  type Grid,
  type KernelSource,
  kernelSource,
  lowest,
  type Parameter,
  u32,
  unroll,
} from './source.ts';

export interface AttentionOptions {
  /** Head dimension, a multiple of 4. */
  headDim: number;
  causal: boolean;
  /** A buffer of [B, 2] i32 gives start and end of the keys of every batch row. */
  bounded: boolean;
  type: ElementType;
  staging: Staging;
  /** Weights are dropped at random (see `dropWeight`). */
  dropout: boolean;
}

/** Further parameters of kernels with dropout. */
export const dropoutParameters: Parameter[] = [...u32('stream', 'threshold'), { name: 'keepScale', type: 'f32' }];

/**
 * `drop_weight(key, query, row)`: what the weight of a key counts after dropout, 0 or keepScale. The random word is number key % 4 of the
 * counter (key / 4, query, row, stream), where row is batch · heads + head: the same in all three passes.
 */
export function dropWeight(dropout: boolean): string[] {
  if (!dropout) return [];
  return [
    philoxFunction,
    `fn drop_weight(j: u32, query: u32, row: u32) -> f32 {
let words = philox(vec4<u32>(j >> 2u, query, row, p.stream), ${keyWords});
return select(p.keepScale, 0.0, words[j & 3u] < p.threshold);
}`,
  ];
}

/** For a kernel whose threads own `rows` queries or keys. */
export function attentionGrid(staging: Staging, rows: number, heads: number, batch: number): Grid {
  return [Math.ceil(rows / streamThreads(staging)), heads, batch];
}

export function attentionKernel({ headDim, causal, bounded, type, staging, dropout }: AttentionOptions): KernelSource {
  const quads = headDim / 4;
  const threads = streamThreads(staging);
  const stream: RowStream = {
    staging,
    quads,
    threads,
    names: ['k', 'v'],
    first: 'first',
    end: 'lastOfGroup',
    extent: 'p.keys',
  };
  const key = (forRow: ForRow) =>
    [
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
      dropout ? 'let kept = w * drop_weight(j, query, batch * p.heads + head);' : 'let kept = w;',
      forRow('v', (quad, value) => `o${quad} = fma(vec4<f32>(kept), ${value}, o${quad});`),
    ].join('\n');
  return kernelSource({
    name: `attention ${headDim}${causal ? ' causal' : ''}${dropout ? ' dropout' : ''} ${stagingParts(staging).word}`,
    ...stagingParts(staging).parts,
    parameters: [
      ...u32('queries', 'keys', 'heads', 'stride4'),
      { name: 'scale', type: 'f32' },
      ...(dropout ? dropoutParameters : []),
    ],
    buffers: [
      { name: 'q', type, vector: true },
      { name: 'k', type, vector: true },
      { name: 'v', type, vector: true },
      ...(bounded ? [{ name: 'bounds', type: 'i32' as const }] : []),
      ...(dropout ? [{ name: 'key', type: 'i32' as const }] : []),
      { name: 'out', type: 'f32', vector: true, write: true },
      { name: 'lse', type: 'f32', write: true },
    ],
    declarations: [...streamDeclarations(stream), ...dropWeight(dropout)],
    workgroupSize: [threads],
    body: [
      'let batch = workgroup.z;',
      'let head = workgroup.y;',
      `let blockStart = workgroup.x * ${threads}u;`,
      'let query = min(blockStart + lane, p.queries - 1u);',
      ...keyRange(bounded),
      ...keyLimits(causal, threads),
      `let kBase = batch * p.keys * p.stride4 + head * ${quads}u;`,
      'let vBase = kBase;',
      `let qBase = (batch * p.queries + query) * p.stride4 + head * ${quads}u;`,
      unroll(quads, (quad) => `let q${quad} = load_q(qBase + ${quad}u);\nvar o${quad} = vec4<f32>();`),
      `var m = ${lowest};`,
      'var l = 0.0;',
      streamLoop(stream, key),
      `if (blockStart + lane >= p.queries) { return; }`,
      // a row without any key gives zeros
      'let inverse = select(1.0 / l, 0.0, l == 0.0);',
      unroll(quads, (quad) => `store_out(qBase + ${quad}u, o${quad} * inverse);`),
      'store_lse((batch * p.heads + head) * p.queries + query, m + log(l));',
    ].join('\n'),
  });
}
