/** What the JavaScript of a step costs, and what a step asks of the device once it is compiled. */
import { compile, type Device, type DeviceOptions, requestDevice, type Tensor } from '../../../engine/index.ts';
import { Generator, Kosmos2 } from '../../../model/index.ts';
import { decoderConfig } from '../../models.ts';
import { median } from '../../statistics.ts';
import type { Figures } from '../../works.ts';
import { Counters, type Made } from './counters.ts';
import { kosmosTraining } from './kosmos-training.ts';
import { uploadWeights } from './weights.ts';

export async function measureOverhead(device: Device, options: DeviceOptions, tiny: boolean): Promise<Figures> {
  return {
    ...(await replayOverhead(device, tiny)),
    ...(await stepObjects(device, tiny)),
    ...(await decodeOverhead(device, tiny)),
    ...(device.traits.software ? await gpuDecodeOverhead(options, tiny) : {}),
  };
}

/** From the call of a compiled function to the return of its submit, by dispatch: a thousand small kernels. */
async function replayOverhead(device: Device, tiny: boolean): Promise<Figures> {
  const count = tiny ? 20 : 1000;
  const chain = (x: Tensor) => {
    let y = x;
    for (let i = 0; i < count; i++) y = y.mul(0.5).add(1);
    return y;
  };
  const compiled = compile(chain, { name: 'replay', fusion: false });
  const x = device.tensor(new Float32Array(64));
  (await compiled(x)).dispose();
  await device.finish();
  const counters = new Counters(device.gpu);
  const times: number[] = [];
  for (let i = 0; i < (tiny ? 3 : 30); i++) {
    const began = performance.now();
    const y = await compiled(x);
    times.push(counters.lastSubmit - began);
    await device.finish();
    y.dispose();
  }
  counters.stop();
  const { dispatches } = compiled.describe();
  compiled.dispose();
  x.dispose();
  return { 'JavaScript µs per replayed dispatch': (median(times) * 1e3) / dispatches };
}

/** Of KOSMOS-2 training steps, of a picture with text and of text alone, behind the first ones. */
async function stepObjects(device: Device, tiny: boolean): Promise<Figures> {
  const training = await kosmosTraining(device, tiny);
  for (let i = 0; i < 3; i++) await training.step();
  const counters = new Counters(device.gpu);
  const steps: Made[] = [];
  for (let i = 0; i < 3; i++) {
    await training.step();
    steps.push(counters.take());
  }
  counters.stop();
  training.dispose();
  const most = (of: (made: Made) => number) => Math.max(...steps.map(of));
  return {
    'submits per training step': most(({ submits }) => submits),
    'buffers made per later step': most(({ createBuffer }) => createBuffer),
    'bind groups made per later step': most(({ createBindGroup }) => createBindGroup),
    'pipelines made per later step': most(
      (made) => made.createComputePipeline + made.createComputePipelineAsync + made.createShaderModule,
    ),
  };
}

/** The same with the kernels that a GPU would take, which are fewer. */
async function gpuDecodeOverhead(options: DeviceOptions, tiny: boolean): Promise<Figures> {
  const device = await requestDevice({ ...options, kernels: 'gpu' });
  const figures = await decodeOverhead(device, tiny);
  device.close();
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${name}, kernels for GPUs`, value]));
}

/** JavaScript between two tokens of a narrow model of the published depth, without the waits for the device, and with them. */
async function decodeOverhead(device: Device, tiny: boolean): Promise<Figures> {
  // wide enough that its matrices do not count as small constants, as those of a real model do not
  const width = 128;
  const layers = tiny ? 2 : 24;
  const config = decoderConfig({
    vocab_size: 256,
    embed_dim: width,
    layers,
    ffn_dim: width,
    attention_heads: 1,
    max_position_embeddings: 512,
  });
  const model = new Kosmos2(config, uploadWeights(device, config), device);
  const generator = new Generator(model);
  const batch = { inputIds: [[5, 6, 7]], attentionMask: [[1, 1, 1]] };
  const counters = new Counters(device.gpu);
  const whole: number[] = [];
  const times: number[] = [];
  const made: Made[] = [];
  const tokens = tiny ? 6 : 400;
  const stream = generator.stream(batch, null, { maxNewTokens: tokens });
  for (;;) {
    const began = performance.now();
    const { done } = await stream.next();
    if (done) break;
    const passed = performance.now() - began;
    whole.push(passed);
    times.push(passed - counters.waited);
    made.push(counters.take());
  }
  counters.stop();
  const dispatches = Object.entries(generator.describe()).find(([name]) => name.startsWith('step'))![1].dispatches;
  generator.dispose();
  model.dispose();
  // the first steps trace and bind, and until half of them the engine of JavaScript still compiles
  const later = <T>(values: readonly T[]) => values.slice(tokens / 2);
  return {
    'JavaScript ms per decoded token, 24 layers': median(later(times)),
    'ms from one such token to the next': median(later(whole)),
    'dispatches per decoded token': dispatches,
    'bind groups made per decoded token': Math.max(...later(made).map(({ createBindGroup }) => createBindGroup)),
  };
}
