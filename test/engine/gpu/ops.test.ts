/** Every op on the device, with both kinds of kernels, against its float64 reference. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Device, requestDevice } from '../../../engine/device.ts';
import { byteLength } from '../../../engine/dtype.ts';
import '../../../engine/index.ts';
import { opReferences } from '../../../engine/reference/index.ts';
import type { OpCase, OpReference } from '../../../engine/reference/op-reference.ts';
import { bindingBytesOf, caseDeviation } from '../../../engine/self-test.ts';
import { sizeOf } from '../../../engine/shape.ts';
import { adapterChoice } from '../../adapter.ts';

/** Largest deviation allowed, relative to the largest value of the output (or 1). */
const tolerance = 2e-6;

const devices = new Map<string, Promise<Device>>();

function deviceFor(kernels: 'gpu' | 'software', maxBindingBytes?: number): Promise<Device> {
  const key = `${kernels} ${maxBindingBytes}`;
  const known = devices.get(key);
  if (known) return known;
  const made = requestDevice({ adapter: adapterChoice(), kernels, maxBindingBytes });
  devices.set(key, made);
  return made;
}

async function compare(
  reference: OpReference,
  opCase: OpCase,
  kernels: 'gpu' | 'software',
  seed: number,
): Promise<void> {
  const device = await deviceFor(kernels, bindingBytesOf(opCase));
  const deviation = await caseDeviation(device, reference, opCase, seed);
  assert.ok(deviation <= tolerance, `${reference.op.name} (${kernels}) deviates by ${deviation}`);
}

/** The shards that the operand with `shardBytes` would lie in. */
async function shardsOf(opCase: OpCase): Promise<number> {
  const device = await deviceFor('software', bindingBytesOf(opCase));
  const operand = device.zeros(opCase.inputs.find(({ shardBytes }) => shardBytes)!.shape);
  const { length } = operand.storage('test').shards;
  operand.dispose();
  return length;
}

for (const kernels of ['software', 'gpu'] as const) {
  for (const reference of opReferences) {
    for (const [number, opCase] of reference.cases.entries()) {
      test(`${reference.op.name}, case ${number}, ${kernels} kernels`, () =>
        compare(reference, opCase, kernels, number + 1));
    }
  }
}

test('sharded cases have several shards where the operand is larger than a binding', async () => {
  for (const { op, cases } of opReferences) {
    for (const opCase of cases) {
      const bindingBytes = bindingBytesOf(opCase);
      if (bindingBytes === undefined) continue;
      const { shape } = opCase.inputs.find(({ shardBytes }) => shardBytes)!;
      const least = byteLength('f32', sizeOf(shape)) > bindingBytes ? 2 : 1;
      assert.ok((await shardsOf(opCase)) >= least, op.name);
    }
  }
});

test.after(async () => {
  for (const device of devices.values()) (await device).close();
});

test.run();
