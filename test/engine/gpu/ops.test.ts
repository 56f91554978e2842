/** Every op on the device, with both kinds of kernels, against its float64 reference. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { apply } from '../../../engine/apply.ts';
import { type Device, requestDevice } from '../../../engine/device.ts';
import { byteLength } from '../../../engine/dtype.ts';
import { Graph } from '../../../engine/graph.ts';
import '../../../engine/index.ts';
import type { OpCase, OpDefinition } from '../../../engine/op.ts';
import { opDefinitions } from '../../../engine/ops/index.ts';
import { sizeOf } from '../../../engine/shape.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { adapterChoice } from '../../adapter.ts';
import { caseData, expectClose, hostData, interpret, traceCase, uniform } from '../interpret.ts';

/** Largest deviation allowed, relative to the largest value of the output (or 1). */
const tolerance = 2e-6;

const devices = new Map<string, Promise<Device>>();

/** A device with kernels of one kind; a case with shards gets one whose bindings are as small as its shards. */
function deviceFor(kernels: 'gpu' | 'software', maxBindingBytes?: number): Promise<Device> {
  const key = `${kernels} ${maxBindingBytes}`;
  const known = devices.get(key);
  if (known) return known;
  const made = requestDevice({ adapter: adapterChoice(), kernels, maxBindingBytes });
  devices.set(key, made);
  return made;
}

async function compare(op: OpDefinition, opCase: OpCase, kernels: 'gpu' | 'software', seed: number): Promise<void> {
  const random = uniform(seed);
  const data = opCase.inputs.map((input) => caseData(input, random));
  const graph = new Graph();
  const { outputs } = traceCase(graph, op, opCase);
  const expected = interpret(graph, outputs, data);
  const shardBytes = opCase.inputs.find((input) => input.shardBytes)?.shardBytes;
  const device = await deviceFor(kernels);
  const sharding = shardBytes ? await deviceFor(kernels, Math.max(shardBytes, 256)) : device;
  const operands = opCase.inputs.map(({ dtype, shape }, i) => sharding.tensor(hostData(dtype, data[i]), shape));
  if (shardBytes) {
    const sharded = opCase.inputs.findIndex((input) => input.shardBytes);
    const { shape } = opCase.inputs[sharded];
    const pieces = operands[sharded].storage('test').shards.length;
    if (byteLength('f32', sizeOf(shape)) > Math.max(shardBytes, 256)) assert.ok(pieces > 1, 'the operand is sharded');
  }
  const results = apply(op, operands, opCase.attributes);
  for (const [i, result] of results.entries()) {
    assert.equal(result.shape, expected[i].shape);
    expectClose(await result.read(), expected[i].data, tolerance, `${op.name} output ${i} (${kernels})`);
  }
  for (const tensor of [...operands, ...results] as Tensor[]) tensor.dispose();
}

for (const kernels of ['software', 'gpu'] as const) {
  for (const op of opDefinitions) {
    for (const [number, opCase] of op.cases.entries()) {
      test(`${op.name}, case ${number}, ${kernels} kernels`, () => compare(op, opCase, kernels, number + 1));
    }
  }
}

test.after(async () => {
  for (const device of devices.values()) (await device).close();
});

test.run();
