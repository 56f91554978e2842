/** Runs a traced function on the CPU in float64, op by op, by the references of the ops. */
import * as assert from 'uvu/assert';
import type { HostData } from '../../engine/dtype.ts';
import type { Graph, Value } from '../../engine/graph.ts';
import { reachableNodes } from '../../engine/graph.ts';
import type { OpDefinition } from '../../engine/op.ts';
import { worstDeviation } from '../../engine/reference/case-data.ts';
import { referenceOf } from '../../engine/reference/index.ts';
import type { OpCase, ReferenceArray } from '../../engine/reference/op-reference.ts';
import { Tensor } from '../../engine/tensor.ts';

export { caseData, hostData } from '../../engine/reference/case-data.ts';

/** Values of `outputs`, given those of the graph's arguments. */
export function interpret(graph: Graph, outputs: readonly Value[], args: readonly ReferenceArray[]): ReferenceArray[] {
  const known = new Map<Value, ReferenceArray>(graph.arguments.map((value, i) => [value, args[i]]));
  const reference = (value: Value): ReferenceArray => {
    const { origin } = value;
    if (origin.kind === 'constant') return { shape: [], data: Float64Array.of(origin.value) };
    const found = known.get(value);
    if (!found) throw new Error('the interpreter lost a value');
    return found;
  };
  for (const node of reachableNodes(graph, outputs)) {
    const results = referenceOf(node.op).values(node.inputs.map(reference), node.attributes, node.outputs);
    for (const [i, data] of results.entries()) known.set(node.outputs[i], { shape: node.outputs[i].shape, data });
  }
  return outputs.map(reference);
}

/** A reproducible stream of uniform numbers in [0, 1). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fails unless all elements agree, `tolerance` being relative to the largest value (or 1); stand-ins for −∞ are compared by themselves. */
export function expectClose(actual: HostData, expected: Float64Array, tolerance: number, what: string): void {
  assert.is(actual.length, expected.length, `${what}: as many elements`);
  const { relative, element } = worstDeviation(actual, expected);
  assert.ok(relative <= tolerance, `${what}, element ${element}: ${actual[element]} instead of ${expected[element]}`);
}

/** Adds the op of a case to a graph with one argument per operand. */
export function traceCase(
  graph: Graph,
  op: OpDefinition,
  { inputs, attributes = {} }: OpCase,
): { args: Tensor[]; outputs: Value[] } {
  const values = inputs.map(({ shape, dtype = 'f32' }) => graph.addArgument({ shape, dtype }));
  const { outputs } = graph.add(op, values, attributes);
  return { args: values.map((value) => Tensor.traced(graph, value)), outputs: [...outputs] };
}
