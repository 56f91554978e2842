/** KOSMOS-2 as an ONNX model, as an exporter would write it: fixed shapes, weights inside, a picture and token ids in, logits out. */
import { type Kosmos2Config, visionTokens } from '../../../model/index.ts';
import { sinusoidTable } from '../../../model/positions.ts';
import { modelWeights, type NamedArray } from '../../data.ts';
import { type ForwardInput, forwardInput } from '../../models.ts';
import type { AddAttention } from './attention.ts';
import { OnnxGraph } from './graph.ts';

/** Adds the model to a graph that grows; each function gives the name of its result. */
class Kosmos2Onnx {
  readonly graph = new OnnxGraph();
  readonly #config: Kosmos2Config;
  readonly #addAttention: AddAttention;
  readonly #input: ForwardInput;
  readonly #weights: ReadonlyMap<string, NamedArray>;

  constructor(config: Kosmos2Config, attention: AddAttention) {
    this.#config = config;
    this.#addAttention = attention;
    this.#input = forwardInput(config);
    this.#weights = modelWeights(config);
  }

  build(): Uint8Array {
    const { text, vision } = this.#config;
    const length = this.#input.ids.length;
    const pixels = this.graph.input('pixels', 'float', [1, vision.channels, vision.imageSize, vision.imageSize]);
    const ids = this.graph.input('ids', 'int64', [1, length]);
    this.#decoder(ids, this.#resampler(this.#vision(pixels)));
    this.graph.output('logits', [length, text.vocabSize]);
    return this.graph.bytes();
  }

  #constant(name: string, shape?: readonly number[]): string {
    const { data, shape: own } = this.#weights.get(name)!;
    return this.graph.constant(data, shape ?? own);
  }

  /** x·Wᵀ + b, with W stored the way round that needs no transposing. */
  #linear(x: string, name: string): string {
    const { data, shape } = this.#weights.get(`${name}.weight`)!;
    const [rows, columns] = shape;
    const turned = Float32Array.from(data, (_, at) => data[(at % rows) * columns + Math.floor(at / rows)]);
    const product = this.graph.node('MatMul', [x, this.graph.constant(turned, [columns, rows])]);
    return this.graph.node('Add', [product, this.#constant(`${name}.bias`)]);
  }

  #norm(x: string, name: string, epsilon: number, axis = 2): string {
    return this.graph.node(
      'LayerNormalization',
      [x, this.#constant(`${name}.weight`), this.#constant(`${name}.bias`)],
      {
        attributes: { axis },
        floats: { epsilon },
      },
    );
  }

  #attention(query: string, keys: string, name: string, lengths: readonly [number, number], causal = false): string {
    const inputs = [
      this.#linear(query, `${name}.q_proj`),
      this.#linear(keys, `${name}.k_proj`),
      this.#linear(keys, `${name}.v_proj`),
    ];
    const { text, vision } = this.#config;
    const [width, heads] = name.startsWith('vision_model')
      ? [vision.hiddenSize, vision.attentionHeads]
      : [text.embedDim, text.attentionHeads];
    const [queries, all] = lengths;
    return this.#addAttention(this.graph, inputs, { heads, headDim: width / heads, queries, keys: all, causal });
  }

  #vision(pixels: string): string {
    const { hiddenSize, patchSize, layers, layerNormEps } = this.#config.vision;
    const { graph } = this;
    const path = 'vision_model.model';
    const tokens = visionTokens(this.#config.vision);
    const patches = graph.node('Conv', [pixels, this.#constant(`${path}.embeddings.patch_embedding.weight`)], {
      attributes: { kernel_shape: [patchSize, patchSize], strides: [patchSize, patchSize] },
    });
    const flat = graph.node('Reshape', [patches, graph.integers([1, hiddenSize, tokens - 1])]);
    const rows = graph.node('Transpose', [flat], { attributes: { perm: [0, 2, 1] } });
    const classToken = this.#constant(`${path}.embeddings.class_embedding`, [1, 1, hiddenSize]);
    const all = graph.node('Concat', [classToken, rows], { attributes: { axis: 1 } });
    const positions = this.#constant(`${path}.embeddings.position_embedding.weight`, [1, tokens, hiddenSize]);
    let x = this.#norm(graph.node('Add', [all, positions]), `${path}.pre_layrnorm`, layerNormEps);
    for (let i = 0; i < layers; i++) {
      const own = `${path}.encoder.layers.${i}`;
      const h = this.#norm(x, `${own}.layer_norm1`, layerNormEps);
      const attended = this.#attention(h, h, `${own}.self_attn`, [tokens, tokens]);
      x = graph.node('Add', [this.#linear(attended, `${own}.self_attn.out_proj`), x]);
      const inner = this.#linear(this.#norm(x, `${own}.layer_norm2`, layerNormEps), `${own}.mlp.fc1`);
      // quick GELU: x·σ(1.702 x)
      const gate = graph.node('Sigmoid', [graph.node('Mul', [inner, graph.scalar(1.702)])]);
      x = graph.node('Add', [this.#linear(graph.node('Mul', [inner, gate]), `${own}.mlp.fc2`), x]);
    }
    const normalised = this.#norm(x, `${path}.post_layernorm`, layerNormEps);
    const lengths = graph.node('ReduceL2', [normalised, graph.integers([2])], { attributes: { keepdims: 1 } });
    return graph.node('Div', [normalised, lengths]);
  }

  #resampler(features: string): string {
    const path = 'image_to_text_projection';
    const { text, vision, latentQueryNum: count } = this.#config;
    const queries = this.#constant(`${path}.latent_query`, [1, count, text.embedDim]);
    const keys = this.graph.node('Concat', [this.#linear(features, `${path}.dense`), queries], {
      attributes: { axis: 1 },
    });
    const attended = this.#attention(queries, keys, `${path}.x_attn`, [count, visionTokens(vision) + count]);
    return this.#linear(attended, `${path}.x_attn.out_proj`);
  }

  #decoder(ids: string, vectors: string): void {
    const { text } = this.#config;
    const { embedDim, layerNormEps, layers } = text;
    const length = this.#input.ids.length;
    const { graph } = this;
    const path = 'text_model.model';
    const embedding = this.#constant(`${path}.embed_tokens.weight`);
    const embedded = graph.node('Gather', [embedding, ids]);
    let x = graph.node('Add', [
      graph.node('Mul', [this.#withVectors(embedded, vectors), graph.scalar(Math.sqrt(embedDim))]),
      this.#positions(),
    ]);
    for (let i = 0; i < layers; i++) {
      const own = `${path}.layers.${i}`;
      const h = this.#norm(x, `${own}.self_attn_layer_norm`, layerNormEps);
      const attended = this.#attention(h, h, `${own}.self_attn`, [length, length], true);
      const inner = this.#norm(attended, `${own}.self_attn.inner_attn_ln`, layerNormEps);
      x = graph.node('Add', [this.#linear(inner, `${own}.self_attn.out_proj`), x]);
      const wide = this.#linear(this.#norm(x, `${own}.final_layer_norm`, layerNormEps), `${own}.ffn.fc1`);
      const active = this.#norm(graph.node('Gelu', [wide]), `${own}.ffn.ffn_layernorm`, layerNormEps);
      x = graph.node('Add', [this.#linear(active, `${own}.ffn.fc2`), x]);
    }
    const hidden = this.#norm(x, `${path}.layer_norm`, layerNormEps);
    const rows = graph.node('Reshape', [hidden, graph.integers([length, embedDim])]);
    graph.named('logits', 'Gemm', [rows, embedding], { attributes: { transB: 1 } });
  }

  /** The image vectors in the place of the slots. */
  #withVectors(embedded: string, vectors: string): string {
    const { first, count } = this.#input.slots;
    const part = (from: number, to: number) =>
      this.graph.node('Slice', [embedded, ...[[from], [to], [1]].map((values) => this.graph.integers(values))]);
    const parts = [part(0, first), vectors, part(first + count, this.#input.ids.length)];
    return this.graph.node('Concat', parts, { attributes: { axis: 1 } });
  }

  #positions(): string {
    const { embedDim, padTokenId } = this.#config.text;
    const length = this.#input.ids.length;
    const firstRow = padTokenId + 1;
    const rows = sinusoidTable(length + firstRow, embedDim, padTokenId).slice(firstRow * embedDim);
    return this.graph.constant(rows, [1, length, embedDim]);
  }
}

export function kosmos2Onnx(config: Kosmos2Config, attention: AddAttention): Uint8Array {
  return new Kosmos2Onnx(config, attention).build();
}
