/** Tensors on the console: what they are, whether they live, and their elements. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, type Device, requestDevice, type Tensor, TensorStateError } from '../../../engine/index.ts';
import { adapterChoice } from '../../adapter.ts';

let device: Device;
test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
});
test.after(() => device.close());

/** What this runtime's console would show; a browser's shows objects, so there it is what a text has. */
async function inspected(value: unknown): Promise<string> {
  const here = globalThis as { Deno?: { inspect(value: unknown): string }; process?: { versions?: { node?: string } } };
  if (here.Deno) return here.Deno.inspect(value);
  return here.process?.versions?.node ? (await import('node:util')).inspect(value) : String(value);
}

async function printed(run: () => Promise<void>): Promise<string> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (text: string) => lines.push(text);
  try {
    await run();
  } finally {
    console.log = log;
  }
  return lines.join('\n');
}

test('the console shows dtype, shape, label and state', async () => {
  const x = device.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  assert.is(await inspected(x), 'Tensor f32 [2, 3] (live)');
  x.label = 'weights';
  assert.is(await inspected(x), 'Tensor f32 [2, 3] «weights» (live)');
  assert.match(await inspected([x]), /^(\[ )?Tensor f32 \[2, 3\] «weights» \(live\)( \])?$/);
  const step = compile((y: Tensor) => y.add(1), { donate: [0], name: 'step' });
  const y = device.tensor(Int32Array.of(1));
  y.dispose();
  assert.is(`${y}`, 'Tensor i32 [1] (disposed)');
  await step(x);
  assert.is(`${x}`, 'Tensor f32 [2, 3] «weights» (donated to «step»)');
  assert.throws(
    () => x.add(1),
    (error: Error) =>
      error instanceof TensorStateError &&
      error.message === 'add: the tensor was donated to «step»: f32 [2, 3] «weights»',
  );
});

test('a tensor of a traced function says so', async () => {
  let seen = '';
  const step = compile((x: Tensor) => {
    seen = `${x}`;
    return x.add(1);
  });
  await step(device.tensor([1, 2]));
  assert.is(seen, 'Tensor f32 [2] (traced)');
});

test('print writes the elements, those of f16 as numbers', async () => {
  const x = device.tensor([1, 2, 3, 0.5, -5, 6], [2, 3]);
  assert.is(await printed(() => x.print()), 'f32 [2, 3]\n[[ 1.0,  2.0,  3.0],\n [ 0.5, -5.0,  6.0]]');
  assert.is(await x.cast('f16').format(), '[[ 1.0,  2.0,  3.0],\n [ 0.5, -5.0,  6.0]]');
  assert.is(await device.tensor(Uint16Array.of(0x3c00, 0x4000, 0xc000)).format(), '[ 1,  2, -2]');
  assert.is(await device.tensor([2.5], []).format(), '2.5');
});

test.run();
