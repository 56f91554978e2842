/**
 * What an op is. One file in `ops/` holds one record (or one family of records): shape rule, vector-Jacobian product in engine ops, and the WGSL or
 * the kernels it lowers to. The Tensor methods and the docs table derive from these records; what an op is held against, and the shapes on which it
 * is tried, lie in `reference/`, which only tests and the self-test load.
 */
import type { DeviceTraits } from './device.ts';
import type { Abstract, Attributes, Value } from './graph.ts';
import type { LowerContext } from './lower.ts';
import type { Layout, Shape } from './shape.ts';
import type { Tensor } from './tensor.ts';

export interface VjpContext {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: Attributes;
  /** d loss / d output, or null for an output that the loss does not depend on. */
  readonly cotangents: readonly (Tensor | null)[];
}

/**
 * d loss / d input for every input (null where there is none), written in engine ops so that it can be differentiated again; or the
 * reason why this op has no derivative.
 */
export type Vjp = ((context: VjpContext) => (Tensor | null)[]) | { readonly none: string };

/** How an op becomes dispatches. */
export type Lowering =
  | {
      /** A function of the elements at the same place; fuses with its neighbours. */
      readonly kind: 'elementwise';
      /** WGSL of type V for operands of type V; `helpers` are functions over V. */
      wgsl(operands: readonly string[]): string;
      readonly helpers?: readonly string[];
    }
  | {
      /** The same elements seen through another layout; null when that needs them contiguous first. */
      readonly kind: 'view';
      view(layout: Layout, attributes: Attributes, shape: Shape): Layout | null;
    }
  | {
      readonly kind: 'kernel';
      lower(context: LowerContext): void;
      /** Output 0 can take an elementwise tail (see `fuse.ts`). */
      readonly epilogue?: boolean;
      /** Whether its kernel can compute the LayerNorm that is its input 0 (see `fuse-norms.ts`). */
      takesNorm?(inputs: readonly Abstract[], attributes: Attributes, traits: DeviceTraits): boolean;
    };

export interface OpDefinition {
  readonly name: string;
  /** One line for the docs table. */
  readonly summary: string;
  /** Shape and dtype of the outputs; throws an OpError for operands that do not fit. */
  infer(inputs: readonly Abstract[], attributes: Attributes): Abstract[];
  readonly vjp: Vjp;
  readonly lowering: Lowering;
}

/** Typed access to attributes that a record's own functions put there. */
export function attribute<T>(attributes: Attributes, name: string): T {
  return attributes[name] as T;
}

export function isElementwise(value: Value): boolean {
  return value.origin.kind === 'node' && value.origin.node.op.lowering.kind === 'elementwise';
}
