/** The decoder of the training work in jax-js, line by line as in `model/decoder.ts`, with AdamW. */

import { sinusoidTable } from '../../../model/positions.ts';
import { modelWeights, trainingTokens } from '../../data.ts';
import { comparedLosses, trainingConfig, trainingSettings } from '../../models.ts';
import type { TrainingWork } from '../../works.ts';
import type { Prepared } from '../engine.ts';
import type { Jax, JaxArray } from './types.ts';

type Arrays = Record<string, JaxArray>;

interface State {
  readonly parameters: Arrays;
  readonly first: Arrays;
  readonly second: Arrays;
}

const decoderPath = 'text_model.model.';

/** The embedding, which gives the rows at one end and is the head at the other. */
const embeddingName = 'embed_tokens.weight';

/**
 * Two compiled functions with the rows of the embedding between them: inside a compiled function, jax-js 0.1.25 fails on the derivative of a gather («routine
 * primitive scatter input is not imm»).
 */
export async function prepareTraining(jax: Jax, work: TrainingWork): Promise<Prepared> {
  const { numpy: np, tree } = jax;
  const gradient = jax.jit(jax.valueAndGrad(lossOf(jax, work), { argnums: [0, 1] }) as never);
  const optimizer = jax.jit(adamw(jax));
  const tokens = trainingTokens(work);
  const [ids, labels] = [tokens.ids, tokens.labels].map((values) => np.array(values, { dtype: np.int32 }));
  let state = freshState(jax, work);
  let count = 0;
  const advance = async () => {
    const [beta1, beta2] = trainingSettings.betas;
    count++;
    const embedding = state.parameters[embeddingName];
    const [rows, pullBack] = jax.vjp((table: JaxArray) => np.take(table, ids.ref, 0), [embedding.ref]);
    const [loss, [gradients, ofRows]] = gradient(tree.ref(state.parameters), rows, labels.ref) as [
      JaxArray,
      [Arrays, JaxArray],
    ];
    const [ofEmbedding] = pullBack(ofRows);
    pullBack.dispose();
    const all = { ...gradients, [embeddingName]: gradients[embeddingName].add(ofEmbedding) };
    const corrections = [1 - beta1 ** count, 1 - beta2 ** count].map((value) => np.array(Float32Array.of(value)));
    state = optimizer(state, all, corrections) as State;
    await jax.blockUntilReady([loss, state]);
    return loss;
  };
  return {
    run: async () => (await advance()).dispose(),
    outputs: async () => {
      tree.dispose(state);
      state = freshState(jax, work);
      count = 0;
      const losses = new Float32Array(comparedLosses);
      for (let i = 0; i < comparedLosses; i++) losses[i] = (await (await advance()).data())[0];
      return [losses];
    },
    release: () => {
      gradient.dispose();
      optimizer.dispose();
      tree.dispose([state, ids, labels]);
    },
  };
}

function freshState({ numpy: np }: Jax, work: TrainingWork): State {
  const weights = modelWeights(trainingConfig(work), (name) => name.startsWith(decoderPath));
  const arrays = (make: (shape: number[], data: Float32Array) => JaxArray): Arrays =>
    Object.fromEntries(
      [...weights].map(([name, { shape, data }]) => [name.slice(decoderPath.length), make([...shape], data)]),
    );
  const zeros = () => arrays((shape, data) => np.array(new Float32Array(data.length), { shape }));
  return { parameters: arrays((shape, data) => np.array(data, { shape })), first: zeros(), second: zeros() };
}

/** A loss, from a tree of parameters and the rows of the embedding, which it uses up. */
function lossOf({ numpy: np, nn }: Jax, work: TrainingWork) {
  const { layers, width, heads, length, batch, vocabulary } = work;
  const { text } = trainingConfig(work);
  const epsilon = text.layerNormEps;
  const firstRow = text.padTokenId + 1;
  const positions = sinusoidTable(length + firstRow, width, text.padTokenId).slice(firstRow * width);
  return (parameters: Arrays, rows: JaxArray, labels: JaxArray): JaxArray => {
    const linear = (x: JaxArray, name: string) =>
      np.matmul(x, np.transpose(parameters[`${name}.weight`])).add(parameters[`${name}.bias`]);
    const norm = (x: JaxArray, name: string) =>
      nn.standardize(x, -1, { epsilon }).mul(parameters[`${name}.weight`]).add(parameters[`${name}.bias`]);
    const embedded = rows.reshape([batch, length, width]);
    let x = embedded.mul(Math.sqrt(width)).add(np.array(positions, { shape: [length, width] }));
    for (let i = 0; i < layers; i++) {
      const own = `layers.${i}`;
      const h = norm(x.ref, `${own}.self_attn_layer_norm`);
      const split = (name: string) =>
        linear(h.ref, `${own}.self_attn.${name}`).reshape([batch, length, heads, width / heads]);
      const [query, key, value] = ['q_proj', 'k_proj', 'v_proj'].map(split);
      h.dispose();
      const attended = nn.dotProductAttention(query, key, value, { isCausal: true }).reshape([batch, length, width]);
      x = linear(norm(attended, `${own}.self_attn.inner_attn_ln`), `${own}.self_attn.out_proj`).add(x);
      const inner = linear(norm(x.ref, `${own}.final_layer_norm`), `${own}.ffn.fc1`);
      const active = norm(nn.gelu(inner, { approximate: false }), `${own}.ffn.ffn_layernorm`);
      x = linear(active, `${own}.ffn.fc2`).add(x);
    }
    const hidden = norm(x, 'layer_norm').reshape([batch * length, width]);
    const scores = nn.logSoftmax(np.matmul(hidden, np.transpose(parameters[embeddingName])), -1);
    return np.sum(scores.mul(nn.oneHot(labels, vocabulary))).mul(-1 / (batch * length));
  };
}

function adamw({ numpy: np }: Jax) {
  const { learningRate, betas, epsilon, weightDecay } = trainingSettings;
  const [beta1, beta2] = betas;
  return (state: State, gradients: Arrays, [correction1, correction2]: JaxArray[]): State => {
    const next: State = { parameters: {}, first: {}, second: {} };
    for (const [name, parameter] of Object.entries(state.parameters)) {
      const gradient = gradients[name];
      const first = state.first[name].mul(beta1).add(gradient.ref.mul(1 - beta1));
      const second = state.second[name].mul(beta2).add(gradient.ref.mul(gradient).mul(1 - beta2));
      const root = np.sqrt(second.ref.div(correction2.ref)).add(epsilon);
      const change = first.ref.div(correction1.ref).div(root).mul(learningRate);
      next.parameters[name] = parameter.mul(1 - learningRate * weightDecay).sub(change);
      next.first[name] = first;
      next.second[name] = second;
    }
    correction1.dispose();
    correction2.dispose();
    return next;
  };
}
