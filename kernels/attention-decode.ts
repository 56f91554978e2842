/**
 * Attention of one query position over a KV cache [B, capacity, H·d]: the keys of a head are split over `splits` threads, each
 * keeping its own running softmax; a second kernel joins the parts. Nothing in it depends on how full the cache is but the
 * loop bounds, which are data. No workgroup memory, no barriers.
 *
 * With `indirect`, `source` [B, capacity] i32 names the batch row in whose cache key j of row b lies, so that beams share a prefix and
 * change places without copying their caches.
 */
import {
  type ElementType,
  type Grid,
  type KernelSource,
  kernelSource,
  linearGrid,
  linearWorkgroup,
  lowest,
  u32,
  unroll,
} from './source.ts';

export interface DecodeAttentionOptions {
  headDim: number;
  indirect: boolean;
  type: ElementType;
}

/** Threads that share the keys of one head. */
export const decodeSplits = 16;
/** Keys for which a thread rescales its running sum once. */
const keysAtOnce = 4;
const workgroup = 64;

export function decodeGrid(batch: number, heads: number): Grid {
  return linearGrid(Math.ceil((batch * heads * decodeSplits) / workgroup));
}

/** f32 values of scratch per (batch row, head, split): maximum, sum, two unused, and d of output. */
export function decodeScratchStride(headDim: number): number {
  return headDim + 4;
}

/** A piece of code for each of the keys taken at once. */
function all(piece: (i: number) => string): string[] {
  return Array.from({ length: keysAtOnce }, (_, i) => piece(i));
}

export function decodeAttentionKernel({ headDim, indirect, type }: DecodeAttentionOptions): KernelSource {
  const quads = headDim / 4;
  const stride4 = decodeScratchStride(headDim) / 4;
  return kernelSource({
    name: `attention decode ${headDim}`,
    parameters: [...u32('batch', 'capacity', 'heads', 'stride4'), { name: 'scale', type: 'f32' }],
    buffers: [
      { name: 'q', type: 'f32', vector: true },
      { name: 'k', type, vector: true },
      { name: 'v', type, vector: true },
      { name: 'bounds', type: 'i32' },
      ...(indirect ? [{ name: 'source', type: 'i32' as const }] : []),
      { name: 'out', type: 'f32', vector: true, write: true },
    ],
    workgroupSize: [workgroup],
    body: [
      `let part = ${linearWorkgroup} * ${workgroup}u + lane;`,
      `let split = part % ${decodeSplits}u;`,
      `let head = (part / ${decodeSplits}u) % p.heads;`,
      `let batch = part / (${decodeSplits}u * p.heads);`,
      'if (batch >= p.batch) { return; }',
      'let end = min(u32(bounds[batch * 2u + 1u]), p.capacity);',
      `let qBase = batch * p.stride4 + head * ${quads}u;`,
      unroll(quads, (quad) => `let q${quad} = load_q(qBase + ${quad}u);\nvar o${quad} = vec4<f32>();`),
      `var m = ${lowest};`,
      'var l = 0.0;',
      `for (var j = u32(bounds[batch * 2u]) + split; j < end; j += ${keysAtOnce * decodeSplits}u) {`,
      unroll(keysAtOnce, (i) =>
        [
          // past the end the last key is read again, with no weight
          `let j${i} = min(j + ${i * decodeSplits}u, end - 1u);`,
          indirect ? `let owner${i} = u32(source[batch * p.capacity + j${i}]);` : `let owner${i} = batch;`,
          `let at${i} = (owner${i} * p.capacity + j${i}) * p.stride4 + head * ${quads}u;`,
          `var s${i} = 0.0;`,
          unroll(quads, (quad) => `s${i} += dot(q${quad}, load_k(at${i} + ${quad}u));`),
          `s${i} = select(${lowest}, s${i} * p.scale, j + ${i * decodeSplits}u < end);`,
        ].join('\n'),
      ),
      `let largest = ${all((i) => `s${i}`).reduce((most, score) => `max(${most}, ${score})`, 'm')};`,
      'let keep = exp(m - largest);',
      unroll(keysAtOnce, (i) => `let w${i} = exp(s${i} - largest);`),
      `l = l * keep + ${all((i) => `w${i}`).join(' + ')};`,
      'm = largest;',
      unroll(
        quads,
        (quad) => `o${quad} = o${quad} * keep + ${all((i) => `w${i} * load_v(at${i} + ${quad}u)`).join(' + ')};`,
      ),
      '}',
      `let to = part * ${stride4}u;`,
      'store_out(to, vec4<f32>(m, l, 0.0, 0.0));',
      unroll(quads, (quad) => `store_out(to + ${quad + 1}u, o${quad});`),
    ].join('\n'),
  });
}

export function decodeCombineGrid(batch: number, heads: number, headDim: number): Grid {
  return linearGrid(Math.ceil((batch * heads * headDim) / 4 / workgroup));
}

/** Joins the parts: one thread per four output values. */
export function decodeCombineKernel(headDim: number): KernelSource {
  const quads = headDim / 4;
  const stride4 = decodeScratchStride(headDim) / 4;
  return kernelSource({
    name: `attention combine ${headDim}`,
    parameters: u32('count'),
    buffers: [
      { name: 'parts', type: 'f32', vector: true },
      { name: 'out', type: 'f32', vector: true, write: true },
    ],
    workgroupSize: [workgroup],
    body: [
      `let i = ${linearWorkgroup} * ${workgroup}u + lane;`,
      'if (i >= p.count) { return; }',
      `let base = (i / ${quads}u) * ${decodeSplits * stride4}u;`,
      `let quad = i % ${quads}u;`,
      `var m = ${lowest};`,
      `for (var split = 0u; split < ${decodeSplits}u; split++) { m = max(m, load_parts(base + split * ${stride4}u).x); }`,
      'var l = 0.0;',
      'var o = vec4<f32>();',
      `for (var split = 0u; split < ${decodeSplits}u; split++) {`,
      `let state = load_parts(base + split * ${stride4}u);`,
      'let w = exp(state.x - m);',
      'l += w * state.y;',
      `o += w * load_parts(base + split * ${stride4}u + 1u + quad);`,
      '}',
      'store_out(i, o * select(1.0 / l, 0.0, l == 0.0));',
    ].join('\n'),
  });
}
