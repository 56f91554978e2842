/** Every derivative against central differences, both in float64: no device needed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { valueAndGrad } from '../../engine/autodiff.ts';
import { Graph } from '../../engine/graph.ts';
import '../../engine/index.ts';
import type { OpDefinition } from '../../engine/op.ts';
import { opDefinitions } from '../../engine/ops/index.ts';
import { opReferences } from '../../engine/reference/index.ts';
import type { OpCase, ReferenceArray } from '../../engine/reference/op-reference.ts';
import { sizeOf } from '../../engine/shape.ts';
import { Tensor } from '../../engine/tensor.ts';
import { caseData, interpret, uniform } from './interpret.ts';

const step = 1e-6;

/** loss = Σ output · weights for fixed random weights, over all f32 outputs. */
function lossGraph(op: OpDefinition, { inputs, attributes = {} }: OpCase, random: () => number) {
  const graph = new Graph();
  const operands = inputs.map(({ shape, dtype = 'f32' }) => Tensor.traced(graph, graph.addArgument({ shape, dtype })));
  const differentiable = operands.filter(({ dtype }) => dtype === 'f32');
  const weights: ReferenceArray[] = [];
  const lossOf = (params: Tensor[]) => {
    const all = operands.map((operand) =>
      operand.dtype === 'f32' ? params[differentiable.indexOf(operand)] : operand,
    );
    const { outputs } = graph.add(
      op,
      all.map((operand) => operand.trace!.value),
      attributes,
    );
    // the log-sum-exps are there for the backward passes only
    const scored = ['attention', 'crossEntropy'].includes(op.name) ? outputs.slice(0, 1) : outputs;
    const parts = scored.map((value) => {
      const weight = Tensor.traced(graph, graph.addArgument({ shape: value.shape, dtype: 'f32' }));
      weights.push({
        shape: value.shape,
        data: Float64Array.from({ length: sizeOf(value.shape) }, () => random() - 0.5),
      });
      return Tensor.traced(graph, value).mul(weight).sum();
    });
    return parts.reduce((sum, part) => sum.add(part));
  };
  const [loss, gradients] = valueAndGrad(lossOf)(differentiable);
  return {
    graph,
    loss: loss.trace!.value,
    gradients: gradients.map((gradient) => gradient.trace!.value),
    operands,
    weights,
  };
}

test('every op has a reference, in the same order', () => {
  assert.equal(
    opReferences.map(({ op }) => op.name),
    opDefinitions.map(({ name }) => name),
  );
});

for (const { op, cases } of opReferences) {
  test(`${op.name} has cases, and a derivative or a reason`, () => {
    assert.ok(cases.length > 0);
    if (typeof op.vjp !== 'function') assert.ok(op.vjp.none.length > 10);
  });
  if (typeof op.vjp !== 'function') continue;
  // a piecewise constant op has nothing to compare, and stopGradient is wrong on purpose
  if (['greater', 'equal', 'finite', 'stopGradient'].includes(op.name)) continue;
  for (const [number, opCase] of cases.entries()) {
    if (opCase.attributes?.dtype === 'i32' || opCase.inputs.every(({ dtype = 'f32' }) => dtype !== 'f32')) continue;
    test(`gradient of ${op.name}, case ${number}`, () => {
      const random = uniform(number + 1);
      const { graph, loss, gradients, operands, weights } = lossGraph(op, opCase, random);
      const data = opCase.inputs.map((input) => caseData(input, random));
      const lossAt = () => interpret(graph, [loss], [...data, ...weights])[0].data[0];
      const computed = interpret(graph, gradients, [...data, ...weights]);
      let next = 0;
      for (const [i, { dtype }] of operands.entries()) {
        if (dtype !== 'f32') continue;
        const gradient = computed[next++];
        assert.equal(gradient.shape, opCase.inputs[i].shape);
        for (let at = 0; at < data[i].data.length; at += Math.ceil(data[i].data.length / 12)) {
          const own = data[i].data[at];
          data[i].data[at] = own + step;
          const above = lossAt();
          data[i].data[at] = own - step;
          const below = lossAt();
          data[i].data[at] = own;
          const expected = (above - below) / (2 * step);
          const deviation = Math.abs(gradient.data[at] - expected);
          assert.ok(
            deviation < 1e-6 * (1 + Math.abs(expected)),
            `operand ${i}, element ${at}: ${gradient.data[at]}, by differences ${expected}`,
          );
        }
      }
    });
  }
}

test('second derivative of x³ by differentiating twice', () => {
  const graph = new Graph();
  const x = Tensor.traced(graph, graph.addArgument({ shape: [3], dtype: 'f32' }));
  const cube = (y: Tensor) => y.mul(y).mul(y).sum();
  const slope = (y: Tensor) => valueAndGrad(cube)(y)[1].sum();
  const [, second] = valueAndGrad(slope)(x);
  const [result] = interpret(graph, [second.trace!.value], [{ shape: [3], data: Float64Array.of(1, -2, 0.5) }]);
  for (const [i, expected] of [6, -12, 3].entries()) assert.ok(Math.abs(result.data[i] - expected) < 1e-12);
});

test('an op without derivative says why', () => {
  const graph = new Graph();
  const table = Tensor.traced(graph, graph.addArgument({ shape: [4, 2], dtype: 'f32' }));
  const ids = Tensor.traced(graph, graph.addArgument({ shape: [3], dtype: 'i32' }));
  assert.throws(
    () => valueAndGrad((t: Tensor) => t.gather(ids).reshape([3, 2]).topK(1).values.sum())(table),
    /topK: has no derivative/,
  );
});

test.run();
