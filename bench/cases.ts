/** What is compared, and the goals (issue «Fast», on lavapipe). */
import type { EngineName } from './engines/index.ts';
import type { AttentionWork, MatmulWork, Work } from './works.ts';

/** At least so many times as fast as each of these engines, or as the fastest of them. */
export interface RatioGoal {
  readonly engines: readonly EngineName[];
  readonly atLeast: number;
}

export interface Case {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  readonly work: Work;
  readonly engines: readonly EngineName[];
  readonly goals: readonly RatioGoal[];
  /** Share of the adapter's own multiply-add rate, where that is a goal. */
  readonly fmaShare?: number;
  /** Largest deviation that counts as right. */
  readonly tolerance: number;
  /** Only with `--full`. */
  readonly full?: boolean;
  /** Whose outputs stand for the reference. */
  readonly reference?: EngineName;
}

type Transposes = 'NN' | 'NT' | 'TN';

function matmulCase(M: number, K: number, N: number, form: Transposes, full = false): Case {
  const work: MatmulWork = { kind: 'matmul', M, N, K, transposeA: form === 'TN', transposeB: form === 'NT' };
  return {
    name: `matmul-${M}x${K}x${N}-${form}`,
    title: `matmul ${[M, K, N].map((n) => n.toLocaleString('en')).join(' × ')} ${form}`,
    work,
    engines: ['own', 'onnxruntime', 'jax-js', 'tfjs'],
    goals: [
      { engines: ['onnxruntime'], atLeast: 2 },
      { engines: ['jax-js', 'tfjs'], atLeast: 3 },
    ],
    fmaShare: 0.25,
    tolerance: 1e-5,
    full,
  };
}

function attentionCase(heads: number, length: number, causal: boolean, backward: boolean, headDim = 64): Case {
  const work: AttentionWork = { kind: 'attention', heads, length, headDim, causal, backward };
  return {
    name: `attention-${heads}x${length}${causal ? '-causal' : ''}${backward ? '-backward' : ''}`,
    title: `attention ${heads} × ${length} × ${headDim} ${causal ? 'causal' : 'full'}, forward${backward ? ' and backward' : ''}`,
    work,
    engines: ['own', 'onnxruntime', 'onnxruntime-plain', 'jax-js', 'tfjs'],
    goals: [{ engines: ['onnxruntime', 'onnxruntime-plain', 'jax-js', 'tfjs'], atLeast: 3 }],
    tolerance: 1e-5,
    full: causal && backward,
  };
}

const forwardCase: Case = {
  name: 'forward',
  title: 'KOSMOS-2 of 23.5 M parameters, 75 tokens, one forward',
  work: { kind: 'forward', size: 'small' },
  engines: ['own', 'onnxruntime', 'onnxruntime-plain'],
  goals: [{ engines: ['onnxruntime', 'onnxruntime-plain'], atLeast: 3 }],
  tolerance: 1e-3,
  reference: 'onnxruntime-cpu',
};

const trainingCase: Case = {
  name: 'training',
  title: 'training step, decoder 4 × 256, 4 rows of 128, vocabulary 4,096, AdamW',
  work: { kind: 'training', layers: 4, width: 256, heads: 4, length: 128, batch: 4, vocabulary: 4096 },
  engines: ['own', 'jax-js'],
  goals: [{ engines: ['jax-js'], atLeast: 4 }],
  tolerance: 1e-3,
  reference: 'own',
};

const shapes: readonly (readonly [number, number, number])[] = [
  [257, 1024, 4096],
  [128, 2048, 8192],
  [1, 2048, 8192],
];

/** In the order in which they run. */
export const cases: readonly Case[] = [
  matmulCase(512, 512, 512, 'NN'),
  matmulCase(1024, 1024, 1024, 'NN'),
  ...shapes.map(([M, K, N]) => matmulCase(M, K, N, 'NT')),
  matmulCase(257, 1024, 4096, 'TN'),
  matmulCase(128, 2048, 8192, 'TN', true),
  matmulCase(512, 512, 512, 'NT', true),
  matmulCase(512, 512, 512, 'TN', true),
  attentionCase(16, 257, false, false),
  attentionCase(16, 257, false, true),
  attentionCase(32, 512, true, false),
  attentionCase(32, 512, true, true),
  forwardCase,
  trainingCase,
];

function halfCase(size: number): Case {
  const one = matmulCase(size, size, size, 'NN');
  const work: MatmulWork = { ...(one.work as MatmulWork), half: true };
  return { ...one, name: `${one.name}-f16`, title: `${one.title}, stored in f16`, work, engines: ['own'], goals: [] };
}

/** On its own: peers that lose an hour over one product, or fail for want of memory, tell nothing. */
function gpuMatmul(size: number, half: boolean): Case {
  const one = half ? halfCase(size) : matmulCase(size, size, size, 'NN');
  const engines = size > 2048 ? (['own'] as const) : one.engines;
  return { ...one, engines, goals: [], fmaShare: 0.6 };
}

/** Of the size of GPT-2 Medium; the reference is this code with kernels that have no tiles. */
const mediumTraining: Case = {
  name: 'training-medium',
  title: 'training step, decoder 24 × 1,024, one row of 512, vocabulary 50,257, AdamW',
  work: { kind: 'training', layers: 24, width: 1024, heads: 16, length: 512, batch: 1, vocabulary: 50257 },
  engines: ['own'],
  goals: [],
  tolerance: 1e-3,
  reference: 'own-other-kernels',
};

const squares = [512, 1024, 2048, 4096, 8192];

/** With `--gpu`: sizes that fill one. */
export const gpuCases: readonly Case[] = [
  ...squares.map((size) => gpuMatmul(size, false)),
  ...squares.map((size) => gpuMatmul(size, true)),
  attentionCase(16, 1024, false, false),
  attentionCase(16, 1024, false, true),
  attentionCase(16, 1024, true, false),
  { ...attentionCase(16, 1024, true, true), full: false },
  forwardCase,
  trainingCase,
  mediumTraining,
];

/** The same kinds of work, at sizes that mean nothing: to try the bench itself. */
export const tinyCases: readonly Case[] = [
  matmulCase(24, 20, 36, 'NN'),
  matmulCase(24, 20, 36, 'NT'),
  matmulCase(24, 20, 36, 'TN'),
  matmulCase(1, 32, 64, 'NT'),
  halfCase(20),
  attentionCase(2, 17, false, false, 16),
  attentionCase(2, 17, true, false, 16),
  { ...attentionCase(2, 17, true, true, 16), full: false },
  { ...forwardCase, title: 'a tiny KOSMOS-2, one forward', work: { kind: 'forward', size: 'tiny' } },
  {
    ...trainingCase,
    title: 'training step, a tiny decoder',
    work: { kind: 'training', layers: 1, width: 16, heads: 2, length: 8, batch: 2, vocabulary: 40 },
  },
  {
    ...mediumTraining,
    name: 'other-kernels',
    title: 'training step, a tiny decoder, against the other kernels',
    work: { kind: 'training', layers: 1, width: 16, heads: 2, length: 8, batch: 1, vocabulary: 41 },
  },
];
