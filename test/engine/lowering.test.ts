/** Lowered graphs keep the rules that WebGPU has for a dispatch: no device needed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DeviceTraits } from '../../engine/device.ts';
import { maxStorageBindings } from '../../engine/fuse.ts';
import '../../engine/index.ts';
import { Graph } from '../../engine/graph.ts';
import { type ArgumentInfo, lowerGraph } from '../../engine/lower.ts';
import { type Dispatch, memoriesOf } from '../../engine/memory.ts';
import { matmul } from '../../engine/ops/index.ts';
import { opReferences } from '../../engine/reference/index.ts';
import type { CaseInput } from '../../engine/reference/op-reference.ts';
import { input } from '../../engine/reference/support.ts';
import { maxWorkgroupsPerDimension } from '../../kernels/source.ts';
import { tilesFor } from '../../kernels/tiles.ts';
import { type Body, traceBody } from './agreement.ts';
import { traceCase } from './interpret.ts';
import { randomFunction } from './random-graph.ts';

const tiles = tilesFor({ vendor: '', architecture: '' });
const kinds: DeviceTraits[] = [
  { software: true, subgroupLanes: 8, maxBindingBytes: 2 ** 27, maxBindings: 16, tiles },
  { software: true, subgroupLanes: 4, maxBindingBytes: 2 ** 27, maxBindings: 16, tiles },
  { software: true, subgroupLanes: 0, maxBindingBytes: 2 ** 27, maxBindings: 16, tiles },
  { software: false, subgroupLanes: 0, maxBindingBytes: 2 ** 27, maxBindings: 16, tiles },
];

function lower(
  { graph, outputs }: ReturnType<typeof traceBody>,
  { traits = kinds[0], fusion = true, donated = false } = {},
) {
  const infos: ArgumentInfo[] = graph.arguments.map(({ shape, dtype }) => ({
    shape,
    dtype,
    shardRows: [shape[0] ?? 1],
    donated,
    hosted: false,
  }));
  return lowerGraph(graph, outputs, { traits, arguments: infos, fusion });
}

const dispatchesOf = ({ commands }: ReturnType<typeof lower>) =>
  commands.filter((command): command is Dispatch => command.kind === 'dispatch');

function expectValid(lowered: ReturnType<typeof lower>, what: string): void {
  for (const { label, source, operands, parameters, grid } of dispatchesOf(lowered)) {
    const where = `${what}: ${label}`;
    assert.is(operands.length, source.buffers.length, `${where}: a memory for every buffer`);
    assert.ok(operands.length <= maxStorageBindings, `${where}: ${operands.length} storage bindings`);
    assert.ok(parameters.every(Number.isFinite), `${where}: parameters ${parameters}`);
    assert.ok(
      grid.every((extent) => extent >= 1 && extent <= maxWorkgroupsPerDimension),
      `${where}: grid ${grid}`,
    );
    const writtenOnce = operands.filter(
      (memory, i) => source.buffers[i].write && operands.indexOf(memory) !== operands.lastIndexOf(memory),
    );
    assert.is(writtenOnce.length, 0, `${where}: a memory is read and written through two bindings`);
    for (const [at, { name, type }] of source.parameters.entries()) {
      const isCount = Number.isInteger(parameters[at]) && parameters[at] >= 0;
      assert.ok(type === 'f32' || isCount, `${where}: ${name} = ${parameters[at]}`);
    }
  }
  for (const command of lowered.commands) {
    if (command.kind === 'copy')
      assert.ok(command.bytes <= command.from.bytes && command.bytes <= command.to.bytes, `${what}: copy`);
    for (const { bytes } of memoriesOf(command)) assert.is(bytes % 16, 0);
  }
}

test('every case of every op', () => {
  for (const { op, cases } of opReferences) {
    for (const [number, opCase] of cases.entries()) {
      for (const traits of kinds) {
        const graph = new Graph();
        const { outputs } = traceCase(graph, op, opCase);
        for (const donated of [false, true])
          expectValid(lower({ graph, outputs }, { traits, donated }), `${op.name} ${number}`);
      }
    }
  }
});

test('random functions, fused or not, donated or not', () => {
  let fused = 0;
  let single = 0;
  for (let seed = 1; seed <= 120; seed++) {
    const { inputs, body } = randomFunction(seed, 16);
    const traced = traceBody(body, inputs);
    for (const traits of kinds.slice(1)) {
      for (const donated of [false, true]) {
        const together = lower(traced, { traits, donated });
        const apart = lower(traced, { traits, donated, fusion: false });
        expectValid(together, `function ${seed}`);
        expectValid(apart, `function ${seed} without fusion`);
        fused += dispatchesOf(together).length;
        single += dispatchesOf(apart).length;
      }
    }
  }
  assert.ok(fused < 0.85 * single, `${fused} dispatches of ${single}`);
});

test('a sum of products adds each of them to the sum so far, in the order in which they were written', () => {
  const inputs = [1, 2, 3].flatMap(() => [input([6, 8]), input([8, 12])]);
  const sum: Body = ([a, b, c, d, e, f]) => [matmul(a, b).add(matmul(c, d)).add(matmul(e, f))];
  const products = dispatchesOf(lower(traceBody(sum, inputs)));
  assert.is(products.length, 3, 'no sum on its own');
  const read = products.map(({ operands }) => operands.filter(({ origin }) => origin.kind === 'slot').slice(0, -1));
  assert.equal(
    read.map((slots) => slots.length),
    [0, 1, 1],
  );
  for (const [i, [before]] of read.entries()) if (i > 0) assert.is(before, products[i - 1].operands.at(-1));
});

test('who is computed with whom', () => {
  const count = (inputs: CaseInput[], body: Body) => dispatchesOf(lower(traceBody(body, inputs))).length;
  const a = input([6, 8]);
  const b = input([8, 12]);
  assert.is(
    count([a], ([x]) => [x.add(1).mul(2).tanh()]),
    1,
    'a chain',
  );
  assert.is(
    count([a], ([x]) => [x.transpose().slice(0, 1, 3).add(1).exp()]),
    1,
    'views cost nothing',
  );
  assert.is(
    count([a, b, input([12])], ([x, y, z]) => [matmul(x, y).add(z).gelu()]),
    1,
    'a product with its tail',
  );
  assert.is(
    count([a, b, input([6, 12])], ([x, y, z]) => [matmul(x, y).add(z.square().neg())]),
    1,
    'with an operand computed there',
  );
  assert.is(
    count([a, b], ([x, y]) => [matmul(x, y).transpose().add(1)]),
    2,
    'not through a view',
  );
  assert.is(
    count([a, b], ([x, y]) => [matmul(x, y).cast('i32')]),
    2,
    'tails write f32',
  );
  assert.is(
    count([a, b], ([x, y]) => {
      const z = matmul(x, y);
      return [z.add(1), z];
    }),
    2,
    'not where the product itself is a result',
  );
  assert.is(
    count([a], ([x]) => {
      const y = x.exp();
      return [y.add(1), y];
    }),
    2,
    'nor where a link of the chain is',
  );
  assert.is(
    count([a], ([x]) => {
      const y = x.exp();
      return [y.add(1), y.mul(2)];
    }),
    3,
    'what two read is computed once',
  );
  assert.is(
    count([a], ([x]) => [x.add(1), x.add(1), x.add(1).mul(3)]),
    2,
    'equal nodes are one',
  );
  assert.is(
    count([a], ([x]) => [x.add(1), x.cast('f32')]),
    1,
    'what nobody needs is not computed',
  );
  assert.is(
    count([a], ([x]) => [x.cast('f16').cast('f32').add(1)]),
    2,
    'rounding to half precision is really done',
  );
});

test.run();
