/**
 * Products of few rows compute the LayerNorm before them on their own, where their kernels can: it is a handful of numbers, and a dispatch less between
 * two products costs a GPU less than the numbers, computed again by each workgroup.
 */
import type { DeviceTraits } from './device.ts';
import type { Consumers } from './fuse.ts';
import type { Node, Value } from './graph.ts';

/** Inputs of a LayerNorm beside the one that it normalises: weight and bias. */
export const normBindings = 2;

/** The LayerNorms that nobody reads but kernels that compute them themselves, by the node that reads them. */
export function findNorms(
  nodes: readonly Node[],
  kept: ReadonlySet<Value>,
  consumers: Consumers,
  traits: DeviceTraits,
): Map<Node, Node> {
  const norms = new Map<Node, Node>();
  for (const node of nodes) {
    const [out] = node.outputs;
    if (node.op.name !== 'layerNorm' || kept.has(out)) continue;
    const readers = consumers.get(out) ?? [];
    const takes = ({ op: { lowering }, inputs, attributes }: Node) =>
      inputs.lastIndexOf(out) === 0 && lowering.kind === 'kernel' && lowering.takesNorm?.(inputs, attributes, traits);
    if (readers.every(takes)) for (const reader of readers) norms.set(reader, node);
  }
  return norms;
}
