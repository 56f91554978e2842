/** Reverse-mode differentiation of a traced function: the graph's nodes backwards, each cotangent again made of engine ops. */
import { OpError } from './errors.ts';
import { type Graph, type Node, type Region, reachableNodes, type Value } from './graph.ts';
import { add, elementwiseOps } from './ops/elementwise.ts';
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

/** How the backward pass of a node finds the values of the forward pass: where they are, or computed again with the node's region. */
function valuesOf(graph: Graph, node: Node, repeated: Map<Region, Map<Value, Value>>): (value: Value) => Value {
  const region = graph.regions.get(node);
  if (!region) return (value) => value;
  const copies = repeated.get(region) ?? graph.repeat(region);
  repeated.set(region, copies);
  return (value) => copies.get(value) ?? value;
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
  const accumulate = (to: Value, part: Tensor | null) => {
    if (!part || to.origin.kind === 'constant') return;
    const sum = cotangents.get(to);
    cotangents.set(to, sum ? add(sum, part) : part);
  };
  const asTensor = (own: Value) => Tensor.traced(graph, own);
  const repeated = new Map<Region, Map<Value, Value>>();
  for (const node of nodesBetween(graph, sources, value).reverse()) {
    const given = node.outputs.map((output) => cotangents.get(output) ?? null);
    if (given.every((cotangent) => cotangent === null)) continue;
    const custom = graph.derivatives.get(node);
    if (custom) {
      const parts = custom.cotangents(given[0]!.trace!.value);
      for (const [i, part] of parts.entries()) accumulate(custom.inputs[i], part && asTensor(part));
      continue;
    }
    if (typeof node.op.vjp !== 'function') throw new OpError(node.op.name, `has no derivative: ${node.op.vjp.none}`);
    const values = valuesOf(graph, node, repeated);
    const parts = node.op.vjp({
      inputs: node.inputs.map((own) => asTensor(values(own))),
      outputs: node.outputs.map((own) => asTensor(values(own))),
      attributes: node.attributes,
      cotangents: given,
    });
    for (const [i, part] of parts.entries()) accumulate(node.inputs[i], part);
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

/** The traced tensors in a tree. */
function tracedIn(tree: unknown): Tensor[] {
  return leavesOf(tree).filter((leaf): leaf is Tensor => leaf instanceof Tensor && leaf.trace !== null);
}

/**
 * Rematerialisation (Chen et al., «Training deep nets with sublinear memory cost», 2016): the same function, of whose inner values none is
 * kept for the backward pass, which computes them again. Outside a compiled function it is just `body`.
 */
export function remat<Args extends readonly unknown[], Result>(
  body: (...args: Args) => Result,
): (...args: Args) => Result {
  return (...args) => {
    const graph = tracedIn(args)[0]?.trace?.graph;
    const from = graph?.nodes.length ?? 0;
    const result = body(...args);
    if (!graph) return result;
    // what an inner region has taken stays with it
    const region = graph.nodes.slice(from).filter((node) => !graph.regions.has(node));
    for (const node of region) graph.regions.set(node, region);
    return result;
  };
}

/**
 * A function of tensors with a derivative by hand: `backward` gets the gradient of the result, the inputs and the result, and gives the
 * gradient of each input (null for none), in engine ops.
 */
export function customGradient<Inputs extends readonly Tensor[]>(
  forward: (...inputs: Inputs) => Tensor,
  backward: (gradient: Tensor, inputs: Inputs, result: Tensor) => readonly (Tensor | null)[],
): (...inputs: Inputs) => Tensor {
  return (...inputs) => {
    const inner = forward(...inputs);
    if (!inner.trace) return inner;
    const { graph, value } = inner.trace;
    // a node of its own carries the derivative, whatever the result is made of
    const node = graph.add(elementwiseOps.stopGradient, [value], {}, true);
    const result = Tensor.traced(graph, node.outputs[0]);
    const differentiable = inputs.filter((input) => input.trace !== null);
    graph.derivatives.set(node, {
      inputs: differentiable.map((input) => input.trace!.value),
      cotangents: (ofResult) => {
        const parts = backward(Tensor.traced(graph, ofResult), inputs, result);
        if (parts.length !== inputs.length)
          throw new OpError(
            'customGradient',
            `the derivative gave ${parts.length} gradients for ${inputs.length} inputs`,
          );
        return parts.flatMap((part, i) => {
          if (inputs[i].trace === null) return [];
          if (part && part.shape.join() !== inputs[i].shape.join())
            throw new OpError(
              'customGradient',
              `the gradient of input ${i} has shape [${part.shape}], the input [${inputs[i].shape}]`,
            );
          return [part?.trace?.value ?? null];
        });
      },
    });
    return result;
  };
}
