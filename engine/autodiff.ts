/** Reverse-mode differentiation of a traced function: the graph's nodes backwards, each cotangent again made of engine ops. */
import { OpError } from './errors.ts';
import { type Graph, type Node, reachableNodes, type Value } from './graph.ts';
import { add } from './ops/elementwise.ts';
import { Tensor } from './tensor.ts';
import { leavesOf, mapTree } from './tree.ts';

/** Nodes between `from` and `to`, in order: only they carry a cotangent, so what is frozen costs nothing. */
function nodesBetween(graph: Graph, from: ReadonlySet<Value>, to: Value): Node[] {
  const touched = new Set<Value>(from);
  return reachableNodes(graph, [to]).filter((node) => {
    const depends = node.inputs.some((input) => touched.has(input));
    if (depends) for (const output of node.outputs) touched.add(output);
    return depends;
  });
}

/** d loss / d each of `wanted`; null where the loss does not depend on it. The loss has one element; all inside a compiled function. */
export function gradientsOf(loss: Tensor, wanted: readonly Tensor[]): (Tensor | null)[] {
  if (!loss.trace || wanted.some((tensor) => !tensor.trace))
    throw new OpError(
      'gradientsOf',
      'gradients are of tensors of a traced function; call it inside a compiled function',
    );
  if (loss.size !== 1)
    throw new OpError('gradientsOf', `the loss must have one element, got shape [${loss.shape.join(', ')}]`);
  const { graph, value } = loss.trace;
  const cotangents = new Map<Value, Tensor>();
  const sources = new Set(wanted.map((tensor) => tensor.trace!.value));
  // 1 with the loss's own shape, as data of the graph
  cotangents.set(value, loss.mul(0).add(1));
  for (const node of nodesBetween(graph, sources, value).reverse()) {
    const given = node.outputs.map((output) => cotangents.get(output) ?? null);
    if (given.every((cotangent) => cotangent === null)) continue;
    if (typeof node.op.vjp !== 'function') throw new OpError(node.op.name, `has no derivative: ${node.op.vjp.none}`);
    const asTensor = (own: Value) => Tensor.traced(graph, own);
    const { inputs, outputs, attributes } = node;
    const parts = node.op.vjp({
      inputs: inputs.map(asTensor),
      outputs: outputs.map(asTensor),
      attributes,
      cotangents: given,
    });
    for (const [i, part] of parts.entries()) {
      if (!part || inputs[i].origin.kind === 'constant') continue;
      const sum = cotangents.get(inputs[i]);
      cotangents.set(inputs[i], sum ? add(sum, part) : part);
    }
  }
  return wanted.map((tensor) => cotangents.get(tensor.trace!.value) ?? null);
}

/**
 * The loss and its gradient with respect to the first argument, a tree of tensors: `valueAndGrad(f)(params, …)` inside a compiled
 * function. A leaf that the loss does not depend on gets zeros.
 */
export function valueAndGrad<Params, Rest extends readonly unknown[]>(
  lossOf: (params: Params, ...rest: Rest) => Tensor,
): (params: Params, ...rest: Rest) => [Tensor, Params] {
  return (params, ...rest) => {
    const wanted = leavesOf(params).filter((leaf) => leaf instanceof Tensor);
    const loss = lossOf(params, ...rest);
    const gradients = gradientsOf(loss, wanted);
    let next = 0;
    const tree = mapTree(params, (leaf) => (leaf instanceof Tensor ? (gradients[next++] ?? leaf.mul(0)) : leaf));
    return [loss, tree];
  };
}

/** As {@link valueAndGrad}, without the value. */
export function grad<Params, Rest extends readonly unknown[]>(
  lossOf: (params: Params, ...rest: Rest) => Tensor,
): (params: Params, ...rest: Rest) => Params {
  return (params, ...rest) => valueAndGrad(lossOf)(params, ...rest)[1];
}
