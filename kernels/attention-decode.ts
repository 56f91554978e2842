/**
 * Attention of one query position over a KV cache: keys and values [B, capacity, H·d] of one layer, in a buffer that holds those of other layers as well. Nothing
 * here depends on how full the cache is but the loop bounds, which are data, and nothing is unrolled over the whole head, so that a kernel stays small (an adapter in
 * software compiles it for seconds else).
 *
 * On a GPU a workgroup takes one head of a row: its 64 threads share the keys for the scores, then the elements of the output; 2.3 KiB of workgroup memory. On a
 * software adapter, where barriers are the cost, a subgroup does so; without subgroups one kernel writes the scores and another takes the values.
 *
 * The key and the value of this position come beside the cache: they are taken from there, and written into the last slot.
 *
 * With `indirect`, `source` [B, capacity] i32 names the batch row in whose cache key j of row b lies, so that beams share a prefix and
 * change places without copying their caches. The last slot is always the row's own.
 */
import { rowFrame, threads } from './rows.ts';
import {
  type Buffer,
  type ElementType,
  type Grid,
  type KernelSource,
  kernelSource,
  linearGrid,
  linearWorkgroup,
  lowest,
  type Parameter,
  u32,
  unroll,
} from './source.ts';

export interface DecodeAttentionOptions {
  indirect: boolean;
  /** Of the cache. */
  type: ElementType;
}

/** In vec4s: `quads` of a head, `stride4` of a row, and where `keys` and `values` of the layer begin. */
const parameters: Parameter[] = [
  ...u32('batch', 'capacity', 'heads', 'quads', 'stride4', 'keys', 'values'),
  { name: 'scale', type: 'f32' },
];

/** A buffer of vec4s. */
function wide(name: string, type: ElementType = 'f32', write = false): Buffer {
  return { name, type, vector: true, write };
}

type Part = 'keys' | 'values';

function placeBuffers({ indirect }: DecodeAttentionOptions): Buffer[] {
  return [{ name: 'bounds', type: 'i32' }, ...(indirect ? [{ name: 'source', type: 'i32' as const }] : [])];
}

/** Of head `unit`: `seen` is the end of the keys that lie in the cache already; `last` tells whether the one behind them is taken in. */
const place = [
  'let batch = unit / p.heads;',
  'let head = unit % p.heads;',
  'let start = u32(bounds[batch * 2u]);',
  'let end = u32(bounds[batch * 2u + 1u]);',
  'let last = start < end && end <= p.capacity;',
  'let seen = min(max(end, 1u) - 1u, p.capacity);',
];

/** vec4 of the cache at which key or value `j` of this head begins. */
function placeOf(part: Part, j: string, { indirect }: Pick<DecodeAttentionOptions, 'indirect'>): string {
  const owner = indirect ? `u32(source[batch * p.capacity + ${j}])` : 'batch';
  return `p.${part} + (${owner} * p.capacity + ${j}) * p.stride4 + head * p.quads`;
}

/** The same in the row's own part. */
function ownPlaceOf(part: Part, j: string): string {
  return placeOf(part, j, { indirect: false });
}

/** Of kernels whose workgroups take a whole head each. */
function headBuffers(options: DecodeAttentionOptions): Buffer[] {
  return [
    wide('q'),
    wide('own_keys'),
    wide('own_values'),
    wide('cache', options.type, true),
    ...placeBuffers(options),
    wide('out', 'f32', true),
  ];
}

/** Where they begin. The last workgroups of a folded grid do the last head again: a barrier, or a subgroup, needs all of its threads. */
const wholeHead = [
  `let unit = min(${linearWorkgroup}, p.batch * p.heads - 1u);`,
  ...place,
  'let base = batch * p.stride4 + head * p.quads;',
];

/** Keys of which a workgroup has the scores at the same time. */
const chunk = 256;

export function decodeGrid(batch: number, heads: number): Grid {
  return linearGrid(batch * heads);
}

/** For GPUs. */
export function decodeAttentionKernel(options: DecodeAttentionOptions): KernelSource {
  const frame = rowFrame(true);
  const taken = (part: Part, index: string) => [
    'var x = vec4<f32>();',
    `if (j == seen) { x = load_own_${part}(base + ${index}); store_cache(${ownPlaceOf(part, 'j')} + ${index}, x); }`,
    `else { x = load_cache(at + ${index}); }`,
  ];
  return kernelSource({
    name: 'attention decode',
    parameters,
    buffers: headBuffers(options),
    declarations: [
      ...frame.declarations,
      `var<workgroup> weights: array<f32, ${chunk}>;`,
      `var<workgroup> sums: array<vec4<f32>, ${threads}>;`,
    ],
    workgroupSize: [threads],
    body: [
      ...wholeHead,
      'let all = select(seen, seen + 1u, last);',
      // for the output a thread takes every parts-th key of one vec4 of the head
      `let parts = ${threads}u / p.quads;`,
      'let quad = lane % p.quads;',
      'let part = lane / p.quads;',
      `var m = ${lowest};`,
      'var l = 0.0;',
      'var o = vec4<f32>();',
      `for (var first = start; first < all; first += ${chunk}u) {`,
      `let count = min(all - first, ${chunk}u);`,
      `var ownLargest = ${lowest};`,
      `for (var i = lane; i < count; i += ${threads}u) {`,
      'let j = first + i;',
      `let at = ${placeOf('keys', 'j', options)};`,
      'var s = 0.0;',
      'for (var c = 0u; c < p.quads; c++) {',
      ...taken('keys', 'c'),
      's += dot(load_q(base + c), x);',
      '}',
      'weights[i] = s * p.scale;',
      'ownLargest = max(ownLargest, s * p.scale);',
      '}',
      `let largest = max(m, ${frame.join('ownLargest', 'max')});`,
      'let keep = exp(m - largest);',
      'm = largest;',
      'var ownSum = 0.0;',
      `for (var i = lane; i < count; i += ${threads}u) {`,
      'let w = exp(weights[i] - m);',
      'weights[i] = w;',
      'ownSum += w;',
      '}',
      `l = l * keep + ${frame.join('ownSum', '+')};`,
      'o *= keep;',
      'for (var i = part; i < count && part < parts; i += parts) {',
      'let j = first + i;',
      `let at = ${placeOf('values', 'j', options)};`,
      ...taken('values', 'quad'),
      'o += weights[i] * x;',
      '}',
      'workgroupBarrier();',
      '}',
      'sums[lane] = o;',
      'workgroupBarrier();',
      'if (lane < p.quads) {',
      'var total = vec4<f32>();',
      'for (var i = 0u; i < parts; i++) { total += sums[i * p.quads + lane]; }',
      'store_out(base + lane, total * select(1.0 / l, 0.0, l == 0.0));',
      '}',
    ].join('\n'),
  });
}

/**
 * WGSL that takes one value into the running maximum `m`, sum `l` and output `o0`, `o1`, … of softmax. One at a time: llvmpipe takes twice as long for four, whose
 * loads are too many for a loop.
 */
function takeValue(quads: number, score: string, value: (quad: number) => string): string {
  return [
    `let s = ${score};`,
    'let largest = max(m, s);',
    'let keep = exp(m - largest);',
    'let w = exp(s - largest);',
    'm = largest;',
    'l = l * keep + w;',
    unroll(quads, (c) => `o${c} = o${c} * keep + w * ${value(c)};`),
  ].join('\n');
}

/**
 * For software adapters with subgroups of `lanes`: a workgroup is one, and takes a head of a row. Its lanes share the vec4s of a key and of a value, `quads` each at
 * most (lanes × quads ≥ those of a head), and keys follow one another.
 */
export function decodeSubgroupKernel(options: DecodeAttentionOptions & { lanes: number; quads: number }): KernelSource {
  const { lanes, quads } = options;
  const each = (piece: (i: number) => string, separator = '\n') => unroll(quads, piece, separator);
  const isOwn = (i: number) => `lane + ${i * lanes}u < p.quads`;
  return kernelSource({
    name: 'attention decode subgroup',
    enables: ['subgroups'],
    parameters,
    buffers: headBuffers(options),
    workgroupSize: [lanes],
    body: [
      ...wholeHead,
      // lanes past the head go on with its last vec4 and a query of zero
      each((i) => `let c${i} = min(lane + ${i * lanes}u, p.quads - 1u);`),
      each((i) => `let q${i} = load_q(base + c${i}) * select(0.0, p.scale, ${isOwn(i)});`),
      `var m = ${lowest};`,
      'var l = 0.0;',
      each((i) => `var o${i} = vec4<f32>();`),
      'for (var j = start; j < seen; j++) {',
      `let key = ${placeOf('keys', 'j', options)};`,
      `let value = ${placeOf('values', 'j', options)};`,
      takeValue(
        quads,
        `subgroupAdd(${each((i) => `dot(q${i}, load_cache(key + c${i}))`, ' + ')})`,
        (i) => `load_cache(value + c${i})`,
      ),
      '}',
      'if (last) {',
      `let key = ${ownPlaceOf('keys', 'seen')};`,
      `let value = ${ownPlaceOf('values', 'seen')};`,
      each((i) => `let k${i} = load_own_keys(base + c${i});\nstore_cache(key + c${i}, k${i});`),
      each((i) => `let v${i} = load_own_values(base + c${i});\nstore_cache(value + c${i}, v${i});`),
      takeValue(quads, `subgroupAdd(${each((i) => `dot(q${i}, k${i})`, ' + ')})`, (i) => `v${i}`),
      '}',
      'let factor = select(1.0 / l, 0.0, l == 0.0);',
      each((i) => `if (${isOwn(i)}) { store_out(base + c${i}, o${i} * factor); }`),
    ].join('\n'),
  });
}

/** Threads of a workgroup on a software adapter: few, so that all cores have some. */
const workgroup = 16;
/** Keys whose scores a thread computes at a time. */
const keysAtOnce = 4;

/** A piece of code for each of the keys taken at once. */
function all(piece: (i: number) => string, separator: string): string {
  return unroll(keysAtOnce, piece, separator);
}

export function decodeScoresGrid(batch: number, heads: number, capacity: number): Grid {
  return linearGrid(Math.ceil((batch * heads * Math.ceil(capacity / keysAtOnce)) / workgroup));
}

/** For other software adapters, first: scores [B, heads, capacity], `keysAtOnce` a thread. */
export function decodeScoresKernel(options: DecodeAttentionOptions): KernelSource {
  return kernelSource({
    name: 'attention decode scores',
    parameters,
    buffers: [
      wide('q'),
      wide('own_keys'),
      wide('cache', options.type, true),
      ...placeBuffers(options),
      { name: 'scores', type: 'f32', write: true },
    ],
    workgroupSize: [workgroup],
    body: [
      `let i = ${linearWorkgroup} * ${workgroup}u + lane;`,
      `let blocks = (p.capacity + ${keysAtOnce - 1}u) / ${keysAtOnce}u;`,
      'let unit = i / blocks;',
      'let block = i % blocks;',
      'if (unit >= p.batch * p.heads) { return; }',
      ...place,
      'let base = batch * p.stride4 + head * p.quads;',
      `let j = start + block * ${keysAtOnce}u;`,
      'if (j < seen) {',
      all((k) => `let j${k} = min(j + ${k}u, seen - 1u);\nlet at${k} = ${placeOf('keys', `j${k}`, options)};`, '\n'),
      all((k) => `var s${k} = 0.0;`, '\n'),
      'for (var c = 0u; c < p.quads; c++) {',
      'let x = load_q(base + c);',
      all((k) => `s${k} += dot(x, load_cache(at${k} + c));`, '\n'),
      '}',
      // past the end the last key is taken again, and written again
      all((k) => `store_scores(unit * p.capacity + j${k}, s${k} * p.scale);`, '\n'),
      '}',
      'if (block == 0u && last) {',
      `let at = ${ownPlaceOf('keys', 'seen')};`,
      'var s = 0.0;',
      'for (var c = 0u; c < p.quads; c++) {',
      'let x = load_own_keys(base + c);',
      'store_cache(at + c, x);',
      's += dot(load_q(base + c), x);',
      '}',
      'store_scores(unit * p.capacity + seen, s * p.scale);',
      '}',
    ].join('\n'),
  });
}

/** vec4s of output that a thread computes: as many as share a key's weight without leaving too few threads. */
export function decodeQuads(headDim: number): number {
  return [4, 2].find((quads) => (headDim / 4) % quads === 0) ?? 1;
}

export function decodeValuesGrid(batch: number, heads: number, headDim: number): Grid {
  return linearGrid(Math.ceil((batch * heads * headDim) / 4 / decodeQuads(headDim) / workgroup));
}

/** For other software adapters, second: the values by the softmax of the scores, `own` vec4s of a head a thread. */
export function decodeValuesKernel(options: DecodeAttentionOptions & { own: number }): KernelSource {
  const { own } = options;
  return kernelSource({
    name: 'attention decode values',
    parameters,
    buffers: [
      { name: 'scores', type: 'f32' },
      wide('own_values'),
      wide('cache', options.type, true),
      ...placeBuffers(options),
      wide('out', 'f32', true),
    ],
    workgroupSize: [workgroup],
    body: [
      `let i = ${linearWorkgroup} * ${workgroup}u + lane;`,
      `let each = p.quads / ${own}u;`,
      'let unit = i / each;',
      'if (unit >= p.batch * p.heads) { return; }',
      `let quad = (i % each) * ${own}u;`,
      ...place,
      `var m = ${lowest};`,
      'var l = 0.0;',
      unroll(own, (c) => `var o${c} = vec4<f32>();`),
      'for (var j = start; j < seen; j++) {',
      `let at = ${placeOf('values', 'j', options)} + quad;`,
      takeValue(own, 'load_scores(unit * p.capacity + j)', (c) => `load_cache(at + ${c}u)`),
      '}',
      `let base = batch * p.stride4 + head * p.quads + quad;`,
      'if (last) {',
      `let at = ${ownPlaceOf('values', 'seen')} + quad;`,
      unroll(own, (c) => `let v${c} = load_own_values(base + ${c}u);\nstore_cache(at + ${c}u, v${c});`),
      takeValue(own, 'load_scores(unit * p.capacity + seen)', (c) => `v${c}`),
      '}',
      'let factor = select(1.0 / l, 0.0, l == 0.0);',
      unroll(own, (c) => `store_out(base + ${c}u, o${c} * factor);`),
    ].join('\n'),
  });
}
