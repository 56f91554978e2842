/** The gradient of an embedding in float64. */
import { embeddingGradientOp } from '../ops/embedding-gradient.ts';
import type { OpReference } from './op-reference.ts';
import { input, integers, zerosLike } from './support.ts';

export const embeddingGradientReference: OpReference = {
  op: embeddingGradientOp,
  values: ([g, ids], _, [{ shape }]) => {
    const out = zerosLike(shape);
    const width = shape[1];
    for (const [i, id] of ids.data.entries())
      for (let c = 0; c < width; c++) out[id * width + c] += g.data[i * width + c];
    return [out];
  },
  cases: [
    { inputs: [input([2, 3, 4]), integers([2, 3], [5, 0, 5, 1, 5, 0])], attributes: { rows: 6 } },
    { inputs: [input([7, 5]), integers([7], [2, 2, 2, 2, 0, 2, 1])], attributes: { rows: 3 } },
  ],
};
