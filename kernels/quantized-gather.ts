/** out[r] = row ids[r] of a quantised table (see `quantized.ts`), as f32. One thread for four elements; no workgroup memory. */
import { perWord, type QuantizedBits, quantizedBuffers, unpackFunction } from './quantized.ts';
import { type KernelSource, kernelSource, linearWorkgroup, u32 } from './source.ts';

const workgroup = 64;

/**
 * The table may be some rows of a taller one: rows outside firstRow … firstRow + tableRows − 1 are left alone, another dispatch writes them.
 * Parameters: count (of vec4s), columns4 (K / 4), group, firstRow, tableRows, and the rows of the buffers with which the part begins.
 */
export function quantizedGatherKernel({ bits }: { bits: QuantizedBits }): KernelSource {
  const each = perWord(bits);
  return kernelSource({
    name: `gather int${bits}`,
    parameters: u32('count', 'columns4', 'group', 'firstRow', 'tableRows', 'wordsRow', 'scalesRow'),
    buffers: [
      ...quantizedBuffers(),
      { name: 'ids', type: 'i32' },
      { name: 'out', type: 'f32', vector: true, write: true },
    ],
    declarations: [unpackFunction(bits)],
    workgroupSize: [workgroup],
    body: [
      `let i = ${linearWorkgroup} * ${workgroup}u + lane;`,
      'if (i >= p.count) { return; }',
      'let row = i / p.columns4;',
      // an id below firstRow wraps to a huge number and is out of this part too
      'let tableRow = u32(ids[row]) - p.firstRow;',
      'if (tableRow >= p.tableRows) { return; }',
      'let K = p.columns4 * 4u;',
      'let k = (i % p.columns4) * 4u;',
      `let word = load_words((p.wordsRow + tableRow) * (K / ${each}u) + k / ${each}u);`,
      'let scale = load_scales((p.scalesRow + tableRow) * (K / p.group) + k / p.group);',
      `store_out(i, unpack_four(word, k % ${each}u) * scale);`,
    ].join('\n'),
  });
}
