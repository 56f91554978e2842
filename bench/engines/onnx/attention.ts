/** Attention as ONNX nodes. */
import { contributed, type OnnxGraph } from './graph.ts';

export interface AttentionShape {
  readonly heads: number;
  readonly headDim: number;
  readonly queries: number;
  readonly keys: number;
  readonly causal: boolean;
}

/** From projected query, key and value, each [1, T, heads · headDim], to [1, queries, heads · headDim]. */
export type AddAttention = (graph: OnnxGraph, inputs: readonly string[], shape: AttentionShape) => string;

/** onnxruntime's own fused operator. */
export const fusedAttention: AddAttention = (graph, inputs, { heads, causal }) =>
  graph.node('MultiHeadAttention', inputs, {
    attributes: { num_heads: heads, unidirectional: Number(causal) },
    domain: contributed,
  });

/** Two products and a softmax, with a mask of the future added where it is causal. */
export const plainAttention: AddAttention = (graph, [query, key, value], shape) => {
  const { heads, headDim, queries, keys, causal } = shape;
  const split = (x: string, length: number, order: readonly number[]) => {
    const parts = graph.node('Reshape', [x, graph.integers([1, length, heads, headDim])]);
    return graph.node('Transpose', [parts], { attributes: { perm: order } });
  };
  const products = graph.node('MatMul', [split(query, queries, [0, 2, 1, 3]), split(key, keys, [0, 2, 3, 1])]);
  const scaled = graph.node('Mul', [products, graph.scalar(1 / Math.sqrt(headDim))]);
  const scores = causal ? graph.node('Add', [scaled, futureMask(graph, queries, keys)]) : scaled;
  const weights = graph.node('Softmax', [scores], { attributes: { axis: 3 } });
  const attended = graph.node('MatMul', [weights, split(value, keys, [0, 2, 1, 3])]);
  const rows = graph.node('Transpose', [attended], { attributes: { perm: [0, 2, 1, 3] } });
  return graph.node('Reshape', [rows, graph.integers([1, queries, heads * headDim])]);
};

function futureMask(graph: OnnxGraph, queries: number, keys: number): string {
  const isFuture = (at: number) => (at % keys) - (keys - queries) > Math.floor(at / keys);
  const mask = Float32Array.from({ length: queries * keys }, (_, at) => (isFuture(at) ? -1e9 : 0));
  return graph.constant(mask, [1, 1, queries, keys]);
}
