/** jax-js (`@jax-js/jax`): arrays are used up by what they go into, `ref` keeps one for another use. */
import { attentionInputs, matmulInputs } from '../data.ts';
import type { AttentionWork, MatmulWork, Work } from '../works.ts';
import { type Engine, type Prepared, Unsupported } from './engine.ts';
import { provideIteratorHelpers } from './jax/iterator-helpers.ts';
import { prepareTraining } from './jax/training.ts';
import type { Jax, JaxArray } from './jax/types.ts';
import type { PeerModules } from './modules.ts';

export async function jaxEngine(modules: PeerModules, adapter: string): Promise<Engine> {
  provideIteratorHelpers();
  const jax = (await modules.load('@jax-js/jax')) as Jax;
  const devices = await jax.init('webgpu');
  if (!devices.includes('webgpu'))
    throw new Error(`jax-js finds no WebGPU here, only ${devices.join(', ') || 'nothing'}`);
  jax.defaultDevice('webgpu');
  return { adapter, prepare: (work) => prepare(jax, work) };
}

async function prepare(jax: Jax, work: Work): Promise<Prepared> {
  switch (work.kind) {
    case 'matmul':
      return prepareMatmul(jax, work);
    case 'attention':
      return prepareAttention(jax, work);
    case 'training':
      return prepareTraining(jax, work);
    case 'forward':
      throw new Unsupported('the model is not written for it');
  }
}

/** A compiled function of arrays that are kept. */
function preparedCall(jax: Jax, body: (...args: JaxArray[]) => JaxArray[], args: JaxArray[]): Prepared {
  const compiled = jax.jit(body);
  const call = () => compiled(...args.map(({ ref }) => ref)) as JaxArray[];
  return {
    run: async () => {
      const results = call();
      await jax.blockUntilReady(results);
      for (const array of results) array.dispose();
    },
    outputs: async () => {
      const values: Float32Array[] = [];
      for (const array of call()) values.push((await array.data()) as Float32Array);
      return values;
    },
    release: () => {
      compiled.dispose();
      for (const array of args) array.dispose();
    },
  };
}

function prepareMatmul({ numpy: np, ...jax }: Jax, work: MatmulWork): Prepared {
  const { a, b } = matmulInputs(work);
  const transposed = (x: JaxArray, yes: boolean) => (yes ? np.transpose(x) : x);
  const product = (x: JaxArray, y: JaxArray) => [
    np.matmul(transposed(x, work.transposeA), transposed(y, work.transposeB)),
  ];
  const arrays = [a, b].map(({ data, shape }) => np.array(data, { shape: [...shape] }));
  return preparedCall({ numpy: np, ...jax }, product, arrays);
}

function prepareAttention(jax: Jax, work: AttentionWork): Prepared {
  const { numpy: np, nn } = jax;
  const { length, heads, headDim, causal: isCausal } = work;
  const { q, k, v, g } = attentionInputs(work);
  const forward = (query: JaxArray, key: JaxArray, value: JaxArray) =>
    nn.dotProductAttention(query, key, value, { isCausal });
  const weighted = (query: JaxArray, key: JaxArray, value: JaxArray, gradient: JaxArray): [JaxArray, JaxArray] => {
    const out = forward(query, key, value);
    return [np.sum(out.ref.mul(gradient)), out];
  };
  const both = jax.valueAndGrad(weighted, { argnums: [0, 1, 2], hasAux: true });
  const array = (data: Float32Array) => np.array(data, { shape: [1, length, heads, headDim] });
  if (!work.backward) return preparedCall(jax, (...args) => [forward(args[0], args[1], args[2])], [q, k, v].map(array));
  const all = (...args: JaxArray[]) => {
    const [[loss, out], gradients] = both(...args) as [[JaxArray, JaxArray], JaxArray[]];
    loss.dispose();
    return [out, ...gradients];
  };
  return preparedCall(jax, all, [q, k, v, g].map(array));
}
