/** What an op is held against: its values in plain float64, and the cases on which tests and the self-test try it. */
import type { Abstract, Attributes } from '../graph.ts';
import type { OpDefinition } from '../op.ts';
import type { Shape } from '../shape.ts';

/** A tensor in float64. */
export interface ReferenceArray {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** One shape (and attributes) to try: on the device against the values in float64, and the gradient against differences. */
export interface OpCase {
  readonly inputs: readonly CaseInput[];
  readonly attributes?: Attributes;
}

/** Data to try: uniform in [low, high], or given values. */
export interface CaseInput {
  readonly shape: Shape;
  readonly low?: number;
  readonly high?: number;
  readonly values?: readonly number[];
  readonly dtype?: 'f32' | 'f16' | 'i32';
  /** Rows of a row-sharded tensor are split so that no shard is larger than this many bytes. */
  readonly shardBytes?: number;
}

export interface OpReference {
  readonly op: OpDefinition;
  /** Float64 values of the outputs. */
  values(inputs: readonly ReferenceArray[], attributes: Attributes, outputs: readonly Abstract[]): Float64Array[];
  /** At least one. */
  readonly cases: readonly OpCase[];
}
