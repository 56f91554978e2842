/** TensorFlow.js with its WebGPU backend. */
import { attentionInputs, matmulInputs } from '../data.ts';
import type { AttentionWork, MatmulWork, Work } from '../works.ts';
import { type Engine, type Prepared, Unsupported } from './engine.ts';
import type { PeerModules } from './modules.ts';

/** What is used of it. */
interface TfTensor {
  readonly shape: number[];
  data(): Promise<Float32Array>;
  dispose(): void;
}

interface Tf {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor(values: Float32Array, shape: number[]): TfTensor;
  tidy<T>(body: () => T): T;
  /** Not freed at the end of `tidy`. */
  keep(tensor: TfTensor): TfTensor;
  matMul(a: TfTensor, b: TfTensor, transposeA?: boolean, transposeB?: boolean): TfTensor;
  transpose(x: TfTensor, axes: number[]): TfTensor;
  reshape(x: TfTensor, shape: number[]): TfTensor;
  softmax(x: TfTensor): TfTensor;
  mul(a: TfTensor, b: TfTensor | number): TfTensor;
  add(a: TfTensor, b: TfTensor): TfTensor;
  sum(x: TfTensor): TfTensor;
  valueAndGrads(body: (...args: TfTensor[]) => TfTensor): (args: TfTensor[]) => { value: TfTensor; grads: TfTensor[] };
  /** The backend: what of it is needed to wait without reading. */
  backend(): { endComputePassEncoder(): void; submitQueue(): void; readonly device: GPUDevice };
}

export async function tfjsEngine(modules: PeerModules, adapter: string): Promise<Engine> {
  const tf = (await modules.load('@tensorflow/tfjs')) as Tf;
  await modules.load('@tensorflow/tfjs-backend-webgpu');
  if (!(await tf.setBackend('webgpu'))) throw new Error('its WebGPU backend does not start here');
  await tf.ready();
  return { adapter, prepare: async (work) => prepare(tf, work) };
}

function prepare(tf: Tf, work: Work): Prepared {
  switch (work.kind) {
    case 'matmul':
      return prepareMatmul(tf, work);
    case 'attention':
      return prepareAttention(tf, work);
    default:
      throw new Unsupported('the model is not written for it');
  }
}

function preparedCall(tf: Tf, body: () => TfTensor[], args: TfTensor[]): Prepared {
  return {
    run: async () => {
      const results = tf.tidy(body);
      const backend = tf.backend();
      backend.endComputePassEncoder();
      backend.submitQueue();
      await backend.device.queue.onSubmittedWorkDone();
      for (const tensor of results) tensor.dispose();
    },
    outputs: async () => {
      const results = tf.tidy(body);
      const values = await Promise.all(results.map((tensor) => tensor.data()));
      for (const tensor of results) tensor.dispose();
      return values;
    },
    release: () => {
      for (const tensor of args) tensor.dispose();
    },
  };
}

function prepareMatmul(tf: Tf, work: MatmulWork): Prepared {
  const inputs = matmulInputs(work);
  const [a, b] = [inputs.a, inputs.b].map(({ data, shape }) => tf.tensor(data, [...shape]));
  return preparedCall(tf, () => [tf.matMul(a, b, work.transposeA, work.transposeB)], [a, b]);
}

/** It has no attention of its own: two products and a softmax, with a mask of the future added where it is causal. */
function prepareAttention(tf: Tf, work: AttentionWork): Prepared {
  const { length, heads, headDim, causal, backward } = work;
  const inputs = attentionInputs(work);
  const names = ['q', 'k', 'v', 'g'] as const;
  const [q, k, v, g] = names.map((name) => tf.tensor(inputs[name], [length, heads, headDim]));
  const mask = tf.tensor(
    Float32Array.from({ length: length * length }, (_, at) =>
      causal && at % length > Math.floor(at / length) ? -1e9 : 0,
    ),
    [1, length, length],
  );
  const byHead = (x: TfTensor) => tf.transpose(x, [1, 0, 2]);
  const forward = (query: TfTensor, key: TfTensor, value: TfTensor) => {
    const scores = tf.mul(tf.matMul(byHead(query), byHead(key), false, true), 1 / Math.sqrt(headDim));
    const weights = tf.softmax(causal ? tf.add(scores, mask) : scores);
    return byHead(tf.matMul(weights, byHead(value)));
  };
  const body = () => {
    if (!backward) return [forward(q, k, v)];
    let out: TfTensor | null = null;
    const weighted = (...args: TfTensor[]) => {
      out = tf.keep(forward(args[0], args[1], args[2]));
      return tf.sum(tf.mul(out, g));
    };
    const { grads } = tf.valueAndGrads(weighted)([q, k, v]);
    return [out!, ...grads];
  };
  return preparedCall(tf, body, [q, k, v, g, mask]);
}
