/**
 * Flash attention, backward, without atomics: the weights are recomputed from Q, K and the saved log-sum-exp, so that no T×T matrix exists
 * (Dao, «FlashAttention-2», 2023, algorithm 2, with queries and keys each owned by one thread).
 *
 * Three kernels: D = rowsum(dO ∘ O); dQ, where a thread owns a query and keys pass by; dK or dV, where a thread owns a key and queries pass
 * by (two dispatches, since one thread can hardly hold k, v, dk and dv). How the rows come by: see `row-stream.ts`.
 */
import { dropoutParameters, dropWeight } from './attention.ts';
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
  type Buffer,
  type Grid,
  type KernelSource,
  kernelSource,
  linearGrid,
  linearWorkgroup,
  type Parameter,
  u32,
  unroll,
} from './source.ts';

export interface AttentionBackwardOptions {
  headDim: number;
  causal: boolean;
  bounded: boolean;
  staging: Staging;
  dropout: boolean;
}

/** Of the kernel for D. */
const deltaThreads = 64;

export function attentionDeltaGrid(rows: number): Grid {
  return linearGrid(Math.ceil(rows / deltaThreads));
}

/** D[b, h, i] = Σ dO·O over one head, beside the row's log-sum-exp: pairs (lse, D). Parameters: count (B·H·Tq), queries, heads, stride4. */
export function attentionDeltaKernel(headDim: number): KernelSource {
  const quads = headDim / 4;
  return kernelSource({
    name: `attention delta ${headDim}`,
    parameters: u32('count', 'queries', 'heads', 'stride4'),
    buffers: [
      { name: 'o', type: 'f32', vector: true },
      { name: 'g', type: 'f32', vector: true },
      { name: 'lse', type: 'f32' },
      { name: 'stats', type: 'f32', write: true },
    ],
    workgroupSize: [deltaThreads],
    body: [
      `let i = ${linearWorkgroup} * ${deltaThreads}u + lane;`,
      'if (i >= p.count) { return; }',
      'let query = i % p.queries;',
      'let head = (i / p.queries) % p.heads;',
      'let batch = i / (p.queries * p.heads);',
      `let at = (batch * p.queries + query) * p.stride4 + head * ${quads}u;`,
      'var sum = 0.0;',
      `for (var quad = 0u; quad < ${quads}u; quad++) { sum += dot(load_o(at + quad), load_g(at + quad)); }`,
      'store_stats(2u * i, load_lse(i));',
      'store_stats(2u * i + 1u, sum);',
    ].join('\n'),
  });
}

function parametersOf(dropout: boolean): Parameter[] {
  return [
    ...u32('queries', 'keys', 'heads', 'stride4'),
    { name: 'scale', type: 'f32' },
    ...(dropout ? dropoutParameters : []),
  ];
}

function inputs({ bounded, dropout }: AttentionBackwardOptions): Buffer[] {
  return [
    { name: 'q', type: 'f32', vector: true },
    { name: 'k', type: 'f32', vector: true },
    { name: 'v', type: 'f32', vector: true },
    { name: 'g', type: 'f32', vector: true },
    { name: 'stats', type: 'f32' },
    ...(bounded ? [{ name: 'bounds', type: 'i32' as const }] : []),
    ...(dropout ? [{ name: 'key', type: 'i32' as const }] : []),
    { name: 'out', type: 'f32', vector: true, write: true },
  ];
}

function nameOf(what: string, { headDim, causal, dropout, staging }: AttentionBackwardOptions): string {
  return `attention ${what} ${headDim}${causal ? ' causal' : ''}${dropout ? ' dropout' : ''} ${stagingParts(staging).word}`;
}

function places(quads: number, threads: number, bounded: boolean): string[] {
  return [
    'let batch = workgroup.z;',
    'let head = workgroup.y;',
    `let blockStart = workgroup.x * ${threads}u;`,
    ...keyRange(bounded),
    `let qBase = batch * p.queries * p.stride4 + head * ${quads}u;`,
    `let kBase = batch * p.keys * p.stride4 + head * ${quads}u;`,
    'let gBase = qBase;',
    'let vBase = kBase;',
    'let rowBase = (batch * p.heads + head) * p.queries;',
  ];
}

/** dQ: Σⱼ pⱼ·(dO·vⱼ − D)·scale·kⱼ for every query. */
export function attentionQueryGradientKernel(options: AttentionBackwardOptions): KernelSource {
  const { headDim, causal, bounded, staging, dropout } = options;
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
      'var weightGradient = 0.0;',
      forRow('v', (quad, value) => `weightGradient += dot(g${quad}, ${value});`),
      forRow('k', (quad, value) => `let k${quad} = ${value}; s += dot(q${quad}, k${quad});`),
      dropout ? 'weightGradient *= drop_weight(j, query, batch * p.heads + head);' : '',
      'let d = select(0.0, exp(s * p.scale - logSum) * (weightGradient - rowDelta) * p.scale, j < limit);',
      unroll(quads, (quad) => `o${quad} = fma(vec4<f32>(d), k${quad}, o${quad});`),
    ].join('\n');
  return kernelSource({
    name: nameOf('dQ', options),
    ...stagingParts(staging).parts,
    parameters: parametersOf(dropout),
    buffers: inputs(options),
    declarations: [...streamDeclarations(stream), ...dropWeight(dropout)],
    workgroupSize: [threads],
    body: [
      ...places(quads, threads, bounded),
      'let query = min(blockStart + lane, p.queries - 1u);',
      ...keyLimits(causal, threads),
      'let own = query * p.stride4;',
      unroll(
        quads,
        (quad) =>
          `let q${quad} = load_q(qBase + own + ${quad}u);\nlet g${quad} = load_g(gBase + own + ${quad}u);\nvar o${quad} = vec4<f32>();`,
      ),
      'let logSum = load_stats(2u * (rowBase + query));',
      'let rowDelta = load_stats(2u * (rowBase + query) + 1u);',
      streamLoop(stream, key),
      'if (blockStart + lane >= p.queries) { return; }',
      unroll(quads, (quad) => `store_out(qBase + own + ${quad}u, o${quad});`),
    ].join('\n'),
  });
}

/** dV: Σᵢ pᵢ·dOᵢ, or dK: Σᵢ pᵢ·(dOᵢ·v − Dᵢ)·scale·qᵢ, for every key. */
export function attentionKeyGradientKernel(options: AttentionBackwardOptions & { of: 'k' | 'v' }): KernelSource {
  const { headDim, causal, bounded, staging, dropout, of } = options;
  const quads = headDim / 4;
  const threads = streamThreads(staging);
  const stream: RowStream = {
    staging,
    quads,
    threads,
    names: ['q', 'g'],
    first: 'firstOfGroup',
    end: 'p.queries',
    extent: 'p.queries',
  };
  const weigh = [
    'let i = rowBase + j;',
    'let w = select(0.0, exp(s * p.scale - load_stats(2u * i)), attends && j >= firstQuery);',
    dropout ? 'let keep = drop_weight(ownKey, j, batch * p.heads + head);' : '',
  ];
  const ofValue = (forRow: ForRow) => [
    forRow('q', (quad, value) => `s += dot(k${quad}, ${value});`),
    ...weigh,
    forRow('g', (quad, value) => `o${quad} = fma(vec4<f32>(w${dropout ? ' * keep' : ''}), ${value}, o${quad});`),
  ];
  const ofKey = (forRow: ForRow) => [
    'var weightGradient = 0.0;',
    forRow('g', (quad, value) => `weightGradient += dot(v${quad}, ${value});`),
    forRow('q', (quad, value) => `let q${quad} = ${value}; s += dot(k${quad}, q${quad});`),
    ...weigh,
    `let d = w * (weightGradient${dropout ? ' * keep' : ''} - load_stats(2u * i + 1u)) * p.scale;`,
    unroll(quads, (quad) => `o${quad} = fma(vec4<f32>(d), q${quad}, o${quad});`),
  ];
  const query = (forRow: ForRow) => ['var s = 0.0;', ...(of === 'k' ? ofKey : ofValue)(forRow)].join('\n');
  return kernelSource({
    name: nameOf(`d${of.toUpperCase()}`, options),
    ...stagingParts(staging).parts,
    parameters: parametersOf(dropout),
    buffers: inputs(options),
    declarations: [...streamDeclarations(stream), ...dropWeight(dropout)],
    workgroupSize: [threads],
    body: [
      ...places(quads, threads, bounded),
      'let ownKey = min(blockStart + lane, p.keys - 1u);',
      'let attends = ownKey >= first && ownKey < end;',
      // query i sees key j when i + keys − queries ≥ j
      causal ? 'let firstQuery = ownKey - min(ownKey, p.keys - p.queries);' : 'let firstQuery = 0u;',
      causal ? 'let firstOfGroup = blockStart - min(blockStart, p.keys - p.queries);' : 'let firstOfGroup = 0u;',
      'let own = ownKey * p.stride4;',
      unroll(quads, (quad) => `let k${quad} = load_k(kBase + own + ${quad}u);\nvar o${quad} = vec4<f32>();`),
      of === 'k' ? unroll(quads, (quad) => `let v${quad} = load_v(vBase + own + ${quad}u);`) : '',
      streamLoop(stream, query),
      'if (blockStart + lane >= p.keys) { return; }',
      unroll(quads, (quad) => `store_out(kBase + own + ${quad}u, o${quad});`),
    ].join('\n'),
  });
}
