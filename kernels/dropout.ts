/** Dropout: every element is zero with probability `rate`, else divided by 1 − rate. No mask is stored; the random words are had again from key and place. */
import { keyWords, philoxFunction } from './random.ts';
import { type Grid, type KernelSource, kernelSource, linearGrid, linearWorkgroup, u32 } from './source.ts';

const threads = 64;

export function dropoutGrid(quads: number): Grid {
  return linearGrid(Math.ceil(quads / threads));
}

/** Element i takes word i % 4 of the counter (i / 4, stream). Parameters: count (of vec4s), stream, threshold, scale. */
export function dropoutKernel(): KernelSource {
  return kernelSource({
    name: 'dropout',
    parameters: [...u32('count', 'stream', 'threshold'), { name: 'scale', type: 'f32' }],
    buffers: [
      { name: 'x', type: 'f32', vector: true },
      { name: 'key', type: 'i32' },
      { name: 'out', type: 'f32', vector: true, write: true },
    ],
    declarations: [philoxFunction],
    workgroupSize: [threads],
    body: [
      `let i = ${linearWorkgroup} * ${threads}u + lane;`,
      'if (i >= p.count) { return; }',
      `let words = philox(vec4<u32>(i, p.stream, 0u, 0u), ${keyWords});`,
      'store_out(i, select(load_x(i) * p.scale, vec4<f32>(), words < vec4<u32>(p.threshold)));',
    ].join('\n'),
  });
}
