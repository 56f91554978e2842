/** One function of tensors, run in every way that the engine has: traced and interpreted in float64, compiled, and op by op. */
import * as assert from 'uvu/assert';
import { compile } from '../../engine/compile.ts';
import type { Device } from '../../engine/device.ts';
import { Graph, reachableNodes, type Value } from '../../engine/graph.ts';
import type { CaseInput, ReferenceArray } from '../../engine/reference/op-reference.ts';
import { Tensor } from '../../engine/tensor.ts';
import { caseData, expectClose, hostData, interpret, uniform } from './interpret.ts';

export type Body = (inputs: Tensor[]) => Tensor[];

/** The graph of `body` for arguments like `inputs`. */
export function traceBody(body: Body, inputs: readonly CaseInput[]): { graph: Graph; outputs: Value[] } {
  const graph = new Graph();
  const args = inputs.map(({ shape, dtype = 'f32' }) => Tensor.traced(graph, graph.addArgument({ shape, dtype })));
  return { graph, outputs: body(args).map((tensor) => tensor.trace!.value) };
}

/** The largest magnitude among all values that `outputs` depend on: rounding errors are in proportion to it. */
export function largestValue(graph: Graph, outputs: readonly Value[], data: readonly ReferenceArray[]): number {
  const all = reachableNodes(graph, outputs).flatMap((node) => node.outputs);
  const values = interpret(graph, [...all, ...outputs], data);
  return values.reduce((most, { data: own }) => own.reduce((max, value) => Math.max(max, Math.abs(value)), most), 1);
}

export type Way = 'fused' | 'unfused' | 'eager';

export interface AgreementOptions {
  seed?: number;
  ways?: readonly Way[];
  /** Relative to the largest intermediate value. */
  tolerance?: number;
}

/** Fails unless every way of running `body` on random data gives the float64 results. */
export async function expectAgreement(
  device: Device,
  body: Body,
  inputs: readonly CaseInput[],
  { seed = 1, ways = ['fused', 'unfused', 'eager'], tolerance = 3e-6 }: AgreementOptions = {},
): Promise<void> {
  const random = uniform(seed);
  const data = inputs.map((input) => caseData(input, random));
  const { graph, outputs } = traceBody(body, inputs);
  const expected = interpret(graph, outputs, data);
  const allowed = tolerance * largestValue(graph, outputs, data);
  const tensors = inputs.map(({ dtype, shape }, i) => device.tensor(hostData(dtype, data[i]), shape));
  for (const way of ways) {
    const step = compile(body, { fusion: way === 'fused', device });
    const results = way === 'eager' ? device.scope(() => body(tensors)) : await step(tensors);
    for (const [i, result] of results.entries()) {
      assert.equal(result.shape, expected[i].shape);
      expectClose(await result.read(), expected[i].data, allowed, `${way}, result ${i}`);
    }
    for (const result of results) if (!tensors.includes(result)) result.dispose();
    step.dispose();
  }
  for (const tensor of tensors) tensor.dispose();
}
