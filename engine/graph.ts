/** The graph that ops build while a function is traced: values and the nodes that produce them. Nothing here touches a device. */
import type { DType } from './dtype.ts';
import type { OpDefinition } from './op.ts';
import type { Shape } from './shape.ts';
import type { Storage } from './storage.ts';

/** Shape and dtype: all that shape rules look at. */
export interface Abstract {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Where a value comes from: an op, or one of the things that exist before the graph runs. */
export type Origin =
  | { readonly kind: 'node'; readonly node: Node; readonly index: number }
  | { readonly kind: 'argument'; readonly index: number }
  | { readonly kind: 'captured'; readonly storage: Storage }
  | { readonly kind: 'constant'; readonly value: number };

export interface Value extends Abstract {
  readonly id: number;
  readonly origin: Origin;
}

/** Plain data (numbers, strings, booleans, lists of numbers): it takes part in the keys of caches. */
export type Attributes = Readonly<Record<string, unknown>>;

export interface Node {
  readonly op: OpDefinition;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
}

/** A derivative by hand: of which values, and how their cotangents follow from that of the node's only output. */
export interface CustomDerivative {
  readonly inputs: readonly Value[];
  cotangents(ofOutput: Value): (Value | null)[];
}

/** Nodes that the backward pass computes again instead of keeping their values (see `remat`). */
export type Region = readonly Node[];

export class Graph {
  readonly nodes: Node[] = [];
  /** The region of each node that is in one. */
  readonly regions: Map<Node, Region> = new Map();
  /** Derivatives that stand in the place of an op's own (see `customGradient`). */
  readonly derivatives: Map<Node, CustomDerivative> = new Map();
  readonly arguments: Value[] = [];
  /** Set once the traced function has returned: tensors of this graph are of no use outside it. */
  closed = false;
  readonly #captured = new Map<Storage, Value>();
  readonly #constants = new Map<number, Value>();
  readonly #seen = new Map<string, Node>();
  #nextId = 0;

  addArgument(abstract: Abstract): Value {
    const value = this.#value(abstract, { kind: 'argument', index: this.arguments.length });
    this.arguments.push(value);
    return value;
  }

  /** A tensor that exists already and is used without being an argument; the plan keeps a reference to its buffer. */
  capture(abstract: Abstract, storage: Storage): Value {
    const known = this.#captured.get(storage);
    if (known && known.shape === abstract.shape) return known;
    const value = this.#value(abstract, { kind: 'captured', storage });
    this.#captured.set(storage, value);
    return value;
  }

  constant(value: number): Value {
    const known = this.#constants.get(value);
    if (known) return known;
    const added = this.#value({ shape: [], dtype: 'f32' }, { kind: 'constant', value });
    this.#constants.set(value, added);
    return added;
  }

  /** Adds a node, or returns the equal one that is there already (common subexpressions), unless `apart` keeps them apart. */
  add(op: OpDefinition, inputs: readonly Value[], attributes: Attributes, apart = false): Node {
    const key = `${op.name}(${inputs.map(({ id }) => id).join()})${JSON.stringify(attributes)}`;
    const known = apart ? undefined : this.#seen.get(key);
    // ops of two libraries may bear one name
    if (known?.op === op) return known;
    const abstracts = op.infer(inputs, attributes);
    const outputs: Value[] = [];
    const node: Node = { op, inputs, attributes, outputs };
    for (const [index, abstract] of abstracts.entries())
      outputs.push(this.#value(abstract, { kind: 'node', node, index }));
    this.nodes.push(node);
    if (!apart) this.#seen.set(key, node);
    return node;
  }

  /** The same nodes once more, at the end of the graph; gives what stands for each of their values. */
  repeat(region: Region): Map<Value, Value> {
    const copies = new Map<Value, Value>();
    for (const { op, inputs, attributes, outputs } of region) {
      const node = this.add(
        op,
        inputs.map((value) => copies.get(value) ?? value),
        attributes,
        true,
      );
      for (const [i, output] of outputs.entries()) copies.set(output, node.outputs[i]);
    }
    return copies;
  }

  #value({ shape, dtype }: Abstract, origin: Origin): Value {
    return { id: this.#nextId++, shape, dtype, origin };
  }
}

/** The nodes that `outputs` depend on, in the order in which they were added. */
export function reachableNodes(graph: Graph, outputs: readonly Value[]): Node[] {
  const needed = new Set<Node>();
  const visit = [...outputs];
  for (let value = visit.pop(); value; value = visit.pop()) {
    if (value.origin.kind !== 'node' || needed.has(value.origin.node)) continue;
    needed.add(value.origin.node);
    visit.push(...value.origin.node.inputs);
  }
  return graph.nodes.filter((node) => needed.has(node));
}
