/**
 * Fusion: chains of elementwise ops become one map kernel, or the tail («epilogue») of the matmul that feeds them. Works on the graph
 * alone and decides only who is computed together with whom; `lower.ts` makes the kernels.
 */
import type { Epilogue, EpilogueAccess, Expression } from '../kernels/expression.ts';
import type { DeviceTraits } from './device.ts';
import { findNorms, normBindings } from './fuse-norms.ts';
import type { Node, Value } from './graph.ts';
import { isElementwise } from './op.ts';
import { type Shape, sameShape, sizeOf } from './shape.ts';

/** The guaranteed floor of storage bindings in a kernel. */
export const maxStorageBindings = 8;

export interface FusedGroup {
  /** The last op of the chain; the group is computed when its turn comes. */
  readonly root: Node;
  /** What the group reads, constants aside. */
  readonly leaves: readonly Value[];
  readonly expression: Expression;
  /** The op whose kernel takes the expression as its tail; its output is leaf 0. */
  readonly producer: Node | null;
}

export interface Fusion {
  readonly groups: ReadonlyMap<Node, FusedGroup>;
  /** Nodes computed as part of another node's group, and that group's root. */
  readonly absorbedBy: ReadonlyMap<Node, Node>;
  /** LayerNorms that the kernels reading them compute, by the node that reads them. */
  readonly norms: ReadonlyMap<Node, Node>;
}

export type Consumers = ReadonlyMap<Value, readonly Node[]>;

export function consumersOf(nodes: readonly Node[]): Consumers {
  const consumers = new Map<Value, Node[]>();
  for (const node of nodes) {
    for (const input of new Set(node.inputs)) {
      const list = consumers.get(input);
      if (list) list.push(node);
      else consumers.set(input, [node]);
    }
  }
  return consumers;
}

export interface FusionOptions {
  /** False computes every op on its own; the tests compare the two. */
  readonly enabled: boolean;
  readonly traits: DeviceTraits;
}

export function fuse(
  nodes: readonly Node[],
  outputs: readonly Value[],
  consumers: Consumers,
  options: FusionOptions,
): Fusion {
  const groups = new Map<Node, FusedGroup>();
  const absorbedBy = new Map<Node, Node>();
  const kept = new Set(outputs);
  const norms = options.enabled ? findNorms(nodes, kept, consumers, options.traits) : new Map<Node, Node>();
  // from the end, so that a chain is absorbed by its last op
  for (const root of [...nodes].reverse()) {
    if (root.op.lowering.kind !== 'elementwise' || absorbedBy.has(root)) continue;
    const members = new Set([root]);
    const inGroup = (value: Value) =>
      !kept.has(value) && (consumers.get(value) ?? []).every((node) => members.has(node));
    if (options.enabled) growGroup(root, members, inGroup);
    let leaves = leavesOf(members);
    const producer = options.enabled ? findProducer(root, leaves, inGroup, absorbedBy, norms) : null;
    if (producer) leaves = [producer.outputs[0], ...leaves.filter((leaf) => leaf !== producer.outputs[0])];
    for (const member of members) if (member !== root) absorbedBy.set(member, root);
    if (producer) absorbedBy.set(producer, root);
    groups.set(root, { root, leaves, expression: buildExpression(root, members, leaves), producer });
  }
  // a norm is read until the last of the groups that compute it, which need not be that of its last reader
  const order = new Map(nodes.map((node, i) => [node, i]));
  for (const [reader, norm] of norms) {
    const root = absorbedBy.get(reader) ?? reader;
    const known = absorbedBy.get(norm);
    if (!known || order.get(root)! > order.get(known)!) absorbedBy.set(norm, root);
  }
  return { groups, absorbedBy, norms };
}

/**
 * Takes in producers of the same shape that nobody else reads, as long as the bindings suffice. One that can be the tail of a kernel of its own stays apart where
 * the group has another kernel to be the tail of: a sum of products adds each of them to the sum so far, and none is held until the last is there.
 */
function growGroup(root: Node, members: Set<Node>, inGroup: (value: Value) => boolean): void {
  const shape = root.outputs[0].shape;
  const isTailOf = (value: Value) => takesTail(value, shape) && inGroup(value);
  for (let grown = true; grown; ) {
    grown = false;
    for (const leaf of leavesOf(members)) {
      // a leaf that is stored as f16 or i32 is rounded there, so it must really be stored
      if (!isElementwise(leaf) || leaf.dtype !== 'f32' || !sameShape(leaf.shape, shape) || !inGroup(leaf)) continue;
      const node = (leaf.origin as { node: Node }).node;
      const hasKernel = leavesOf(members).some(isTailOf);
      members.add(node);
      const bringsKernel = node.inputs.some(isTailOf);
      if (leavesOf(members).length < maxStorageBindings && !(hasKernel && bringsKernel)) grown = true;
      else members.delete(node);
    }
  }
}

/** Whether a kernel that can have a tail computes a value of this shape. */
function takesTail({ origin, shape }: Value, result: Shape): boolean {
  if (origin.kind !== 'node' || !sameShape(shape, result)) return false;
  const { lowering } = origin.node.op;
  return lowering.kind === 'kernel' && lowering.epilogue === true;
}

/** Inputs of the members that no member produces, constants left out, in order of first use. */
function leavesOf(members: ReadonlySet<Node>): Value[] {
  const leaves = new Set<Value>();
  for (const member of members) {
    for (const input of member.inputs) {
      const internal = input.origin.kind === 'node' && members.has(input.origin.node);
      if (!internal && input.origin.kind !== 'constant') leaves.add(input);
    }
  }
  return [...leaves];
}

/** The op whose kernel can finish with this group: a matmul of the same shape that only the group reads. */
function findProducer(
  root: Node,
  leaves: readonly Value[],
  inGroup: (value: Value) => boolean,
  absorbedBy: ReadonlyMap<Node, Node>,
  norms: ReadonlyMap<Node, Node>,
): Node | null {
  const { shape, dtype } = root.outputs[0];
  // kernels with a tail write f32
  if (dtype !== 'f32') return null;
  for (const leaf of [...leaves].reverse()) {
    if (leaf.origin.kind !== 'node' || absorbedBy.has(leaf.origin.node)) continue;
    const { node } = leaf.origin;
    if (!takesTail(leaf, shape) || !inGroup(leaf)) continue;
    const others = leaves.filter((other) => other !== leaf);
    const bindings = others.length + node.inputs.length + (norms.has(node) ? normBindings : 0) + 1;
    const fits = bindings <= maxStorageBindings && others.every((other) => epilogueAccess(other.shape, shape));
    if (fits) return node;
  }
  return null;
}

/** How a matmul's tail reads an operand of `shape`, or null where it cannot. */
export function epilogueAccess(shape: Shape, result: Shape): EpilogueAccess | null {
  if (sizeOf(shape) === 1) return 'scalar';
  if (sameShape(shape, result)) return 'full';
  const columns = result.at(-1);
  if (shape.at(-1) === columns && sizeOf(shape) === columns) return 'column';
  const rowShape = [...result.slice(0, -1), 1];
  return sameShape(shape, rowShape) ? 'row' : null;
}

export function epilogueOf(group: FusedGroup): Epilogue {
  const shape = group.root.outputs[0].shape;
  return {
    expression: group.expression,
    operands: group.leaves.slice(1).map((leaf) => ({
      type: leaf.dtype,
      access: epilogueAccess(leaf.shape, shape) as EpilogueAccess,
    })),
  };
}

/** The group's WGSL: one statement an op, in dependency order; constants become parameters c0, c1, … */
function buildExpression(root: Node, members: ReadonlySet<Node>, leaves: readonly Value[]): Expression {
  const constants: number[] = [];
  const helpers = new Set<string>();
  const steps: { node: Node; name: string }[] = [];
  const names = new Map<Value, string>(leaves.map((leaf, i) => [leaf, `#${i}`]));
  const nameOf = (value: Value): string => {
    if (value.origin.kind === 'constant') {
      const known = constants.indexOf(value.origin.value);
      if (known < 0) constants.push(value.origin.value);
      return `V(p.c${known < 0 ? constants.length - 1 : known})`;
    }
    const known = names.get(value);
    if (known) return known;
    const { node } = value.origin as { node: Node };
    if (!members.has(node)) throw new Error(`fusion lost track of a value of ${node.op.name}`);
    for (const input of node.inputs) nameOf(input);
    const name = `t${steps.length}`;
    names.set(value, name);
    steps.push({ node, name });
    return name;
  };
  const result = nameOf(root.outputs[0]);
  const written = steps.map(({ node, name }) => {
    const { lowering } = node.op;
    if (lowering.kind !== 'elementwise') throw new Error(`${node.op.name} is not elementwise`);
    for (const helper of lowering.helpers ?? []) helpers.add(helper);
    return { name, text: lowering.wgsl(node.inputs.map(nameOf)) };
  });
  return {
    key: written.map(({ name, text }) => `${name}=${text}`).join(';'),
    inputs: leaves.length,
    constants,
    helpers: [...helpers],
    emit: (inputs) => ({
      statements: written.map(
        ({ name, text }) => `let ${name} = ${text.replace(/#(\d+)/g, (_, i) => inputs[Number(i)])};`,
      ),
      result: result.replace(/#(\d+)/g, (_, i) => inputs[Number(i)]),
    }),
  };
}

/** The expression that copies its only input. */
export const identity: Expression = {
  key: 'copy',
  inputs: 1,
  constants: [],
  helpers: [],
  isCopy: true,
  emit: ([input]) => ({ statements: [], result: input }),
};
