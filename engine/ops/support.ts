/** What the op files share. */
import { OpError } from '../errors.ts';
import type { Abstract } from '../graph.ts';
import { formatShape, type Shape } from '../shape.ts';

export function expectRank(op: string, name: string, { shape }: Abstract, rank: number): void {
  if (shape.length !== rank) throw new OpError(op, `${name} must have ${rank} axes, got ${formatShape(shape)}`);
}

export function expectShape(op: string, name: string, { shape }: Abstract, wanted: Shape): void {
  if (shape.length !== wanted.length || shape.some((extent, axis) => extent !== wanted[axis])) {
    throw new OpError(op, `${name} must have shape ${formatShape(wanted)}, got ${formatShape(shape)}`);
  }
}

export function expectFloat(op: string, name: string, { dtype }: Abstract): void {
  if (dtype !== 'f32' && dtype !== 'f16') throw new OpError(op, `${name} must be f32 or f16, got ${dtype}`);
}

export function expectDType(op: string, name: string, abstract: Abstract, dtype: string): void {
  if (abstract.dtype !== dtype) throw new OpError(op, `${name} must be ${dtype}, got ${abstract.dtype}`);
}

/** i32 of this shape. */
export function expectIntegers(op: string, name: string, abstract: Abstract, wanted: Shape): void {
  expectShape(op, name, abstract, wanted);
  expectDType(op, name, abstract, 'i32');
}

/** @throws OpError for a tensor that lies in several buffers */
export function onlyShard<T>(op: string, name: string, shards: readonly T[]): T {
  if (shards.length > 1)
    throw new OpError(
      op,
      `${name} lies in ${shards.length} buffers, since one binding cannot hold it; take fewer rows`,
    );
  return shards[0];
}

export function f32Of(shape: Shape): Abstract {
  return { shape, dtype: 'f32' };
}
