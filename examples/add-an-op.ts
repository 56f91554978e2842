/**
 * An op of one's own, with its kernel: sums along the last axis up to each place, [1, 2, 3] → [1, 3, 6]. Once there is a record of it, it is like
 * the engine's own: eager, compiled, differentiated, and tried by the self-test.
 *
 *   npx tsx examples/add-an-op.ts    or    deno run -A examples/add-an-op.ts
 */
import {
  applyOne,
  compile,
  kernelSource,
  linearGrid,
  linearWorkgroup,
  type OpDefinition,
  OpError,
  requestDevice,
  type Tensor,
  valueAndGrad,
} from 'kosmos-webgpu/engine';
import { formatOpReport, type OpReference, selfTest } from 'kosmos-webgpu/self-test';

const threads = 64;

/** A thread walks along a row, forwards or backwards. Sizes are parameters, so that one pipeline serves all shapes. */
function cumulativeSumKernel() {
  return kernelSource({
    name: 'cumulative sum',
    parameters: [
      { name: 'rows', type: 'u32' },
      { name: 'columns', type: 'u32' },
      { name: 'backwards', type: 'u32' },
    ],
    buffers: [
      { name: 'x', type: 'f32' },
      { name: 'out', type: 'f32', write: true },
    ],
    workgroupSize: [threads],
    body: `
      let row = ${linearWorkgroup} * ${threads}u + lane;
      if (row >= p.rows) { return; }
      var sum = 0.0;
      for (var i = 0u; i < p.columns; i++) {
        let at = row * p.columns + select(i, p.columns - 1u - i, p.backwards == 1u);
        sum += load_x(at);
        store_out(at, sum);
      }`,
  });
}

interface Attributes {
  backwards: boolean;
}

const cumulativeSumOp: OpDefinition = {
  name: 'cumulativeSum',
  summary: 'sums along the last axis up to each place, or with backwards from each place on',
  // the shape rule, and what cannot be
  infer: ([x]) => {
    if (x.dtype !== 'f32') throw new OpError('cumulativeSum', `x must be f32, got ${x.dtype}`);
    if (x.shape.length === 0) throw new OpError('cumulativeSum', 'a scalar has no last axis');
    return [x];
  },
  // an element is in all sums from its place on, so its derivative is a sum from the other side
  vjp: ({ attributes, cotangents: [g] }) => {
    const { backwards } = attributes as unknown as Attributes;
    return [g && cumulativeSum(g, { backwards: !backwards })];
  },
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const { backwards } = context.attributes as unknown as Attributes;
      const { shape } = context.inputs[0];
      const columns = shape[shape.length - 1];
      const rows = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
      context.dispatch({
        source: cumulativeSumKernel(),
        parameters: { rows, columns, backwards: Number(backwards) },
        operands: [context.input(0), context.output(0)],
        grid: linearGrid(Math.ceil(rows / threads)),
      });
    },
  },
};

/** Sums of x (f32) along its last axis up to each place; with `backwards` from each place on. */
function cumulativeSum(x: Tensor, { backwards = false } = {}): Tensor {
  return applyOne(cumulativeSumOp, [x], { backwards });
}

/** In plain float64: what the device is held against, and on which shapes. */
const cumulativeSumReference: OpReference = {
  op: cumulativeSumOp,
  values: ([{ shape, data }], attributes) => {
    const { backwards } = attributes as unknown as Attributes;
    const columns = shape[shape.length - 1];
    const out = new Float64Array(data.length);
    for (let start = 0; start < data.length; start += columns) {
      let sum = 0;
      for (let i = 0; i < columns; i++) {
        const at = start + (backwards ? columns - 1 - i : i);
        sum += data[at];
        out[at] = sum;
      }
    }
    return [out];
  },
  cases: [
    { inputs: [{ shape: [7] }], attributes: { backwards: false } },
    { inputs: [{ shape: [3, 5] }], attributes: { backwards: true } },
    { inputs: [{ shape: [2, 70, 3] }], attributes: { backwards: false } },
  ],
};

const { ops, adapter } = await selfTest({ ops: [cumulativeSumReference] });
console.log(`${formatOpReport(ops[0])} on ${adapter}`);

const device = await requestDevice();
const x = device.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
await cumulativeSum(x).print();

const step = compile((own: Tensor) => valueAndGrad((y: Tensor) => cumulativeSum(y).square().sum())(own));
const [loss, gradient] = await step(x);
await loss.print();
await gradient.print();
device.close();
