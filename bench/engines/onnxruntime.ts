/** onnxruntime with its WebGPU provider, on Node (`onnxruntime-node`) and in pages (`onnxruntime-web`), and its CPU provider as a reference. */
import { attentionInputs, matmulInputs } from '../data.ts';
import { forwardConfig, forwardInput } from '../models.ts';
import type { AttentionWork, ForwardWork, MatmulWork, Work } from '../works.ts';
import { type Engine, type Prepared, Unsupported } from './engine.ts';
import type { PeerModules } from './modules.ts';
import { type AddAttention, fusedAttention, plainAttention } from './onnx/attention.ts';
import { OnnxGraph } from './onnx/graph.ts';
import { kosmos2Onnx } from './onnx/kosmos2.ts';

/** What is used of it. */
interface OrtTensor {
  readonly data: Float32Array;
  getData(): Promise<Float32Array>;
  dispose(): void;
}

interface OrtSession {
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

interface Ort {
  /** Of the build for browsers. */
  readonly env: { readonly wasm?: { numThreads?: number } };
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> };
  readonly Tensor: new (
    type: 'float32' | 'int64',
    data: Float32Array | BigInt64Array,
    shape: readonly number[],
  ) => OrtTensor;
}

interface Model {
  readonly bytes: Uint8Array;
  readonly feeds: (ort: Ort) => Record<string, OrtTensor>;
  readonly outputs: readonly string[];
}

export interface OnnxruntimeOptions {
  readonly library: 'onnxruntime-node' | 'onnxruntime-web';
  readonly provider: 'webgpu' | 'cpu';
  /** `fused`: its own operator; `plain`: products and a softmax. */
  readonly attention: 'fused' | 'plain';
}

/** What comes in and goes out is on the host: the time of carrying it is in its figures. */
export async function onnxruntimeEngine(
  modules: PeerModules,
  { library, provider, attention }: OnnxruntimeOptions,
  adapter: string,
): Promise<Engine> {
  const ort = (await modules.load(library)) as Ort;
  // a page that is not isolated has no shared memory for threads, which the WebGPU provider does not need
  if (library === 'onnxruntime-web') ort.env.wasm!.numThreads = 1;
  const add = attention === 'fused' ? fusedAttention : plainAttention;
  return { adapter, prepare: (work) => prepare(ort, provider, modelOf(work, add)) };
}

async function prepare(ort: Ort, provider: string, { bytes, feeds: make, outputs }: Model): Promise<Prepared> {
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: [provider],
    logSeverityLevel: 3,
    // all of the model on the device, or none of it
    ...(provider === 'cpu' ? {} : { extra: { session: { disable_cpu_ep_fallback: '1' } } }),
  });
  const feeds = make(ort);
  return {
    run: async () => {
      for (const tensor of Object.values(await session.run(feeds))) tensor.dispose();
    },
    outputs: async () => {
      const results = await session.run(feeds);
      return Promise.all(outputs.map((name) => results[name].getData()));
    },
    release: () => void session.release(),
  };
}

function modelOf(work: Work, attention: AddAttention): Model {
  switch (work.kind) {
    case 'matmul':
      return matmulModel(work);
    case 'attention':
      return attentionModel(work, attention);
    case 'forward':
      return forwardModel(work, attention);
    case 'training':
      throw new Unsupported('it does not train with WebGPU');
  }
}

/** B is part of the model, as weights are. */
function matmulModel(work: MatmulWork): Model {
  const { M, N, transposeA, transposeB } = work;
  const { a, b } = matmulInputs(work);
  const graph = new OnnxGraph();
  const inputs = [graph.input('a', 'float', a.shape), graph.constant(b.data, b.shape)];
  if (transposeA || transposeB) {
    graph.named('c', 'Gemm', inputs, { attributes: { transA: Number(transposeA), transB: Number(transposeB) } });
  } else {
    graph.named('c', 'MatMul', inputs);
  }
  graph.output('c', [M, N]);
  return { bytes: graph.bytes(), feeds: (ort) => ({ a: new ort.Tensor('float32', a.data, a.shape) }), outputs: ['c'] };
}

function attentionModel(work: AttentionWork, attention: AddAttention): Model {
  if (work.backward) throw new Unsupported('it has no gradients with WebGPU');
  const { heads, length, headDim, causal } = work;
  const shape = [1, length, heads * headDim];
  const values = attentionInputs(work);
  const names = ['q', 'k', 'v'] as const;
  const graph = new OnnxGraph();
  const inputs = names.map((name) => graph.input(name, 'float', shape));
  graph.named('out', 'Identity', [attention(graph, inputs, { heads, headDim, queries: length, keys: length, causal })]);
  graph.output('out', shape);
  return {
    bytes: graph.bytes(),
    feeds: (ort) => Object.fromEntries(names.map((name) => [name, new ort.Tensor('float32', values[name], shape)])),
    outputs: ['out'],
  };
}

function forwardModel({ size }: ForwardWork, attention: AddAttention): Model {
  const config = forwardConfig(size);
  const { pixels, ids } = forwardInput(config);
  const { channels, imageSize } = config.vision;
  return {
    bytes: kosmos2Onnx(config, attention),
    feeds: (ort) => ({
      pixels: new ort.Tensor('float32', pixels, [1, channels, imageSize, imageSize]),
      ids: new ort.Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
    }),
    outputs: ['logits'],
  };
}
