/** The buffers of a plan before they exist: what each must hold, and when. */
import type { Grid, KernelSource } from '../kernels/source.ts';
import type { Storage } from './storage.ts';

/** Whose buffer it is: the plan's own, an argument's (one of its shards), or a tensor that the traced function captured. */
export type MemoryOrigin =
  | { readonly kind: 'slot' }
  | { readonly kind: 'argument'; readonly index: number; readonly shard: number }
  | { readonly kind: 'captured'; readonly storage: Storage; readonly shard: number };

export interface Memory {
  readonly bytes: number;
  readonly origin: MemoryOrigin;
}

export interface Dispatch {
  readonly kind: 'dispatch';
  /** Op and shapes, for error messages and the cost table. */
  readonly label: string;
  readonly source: KernelSource;
  readonly parameters: readonly number[];
  /** In the order of the kernel's buffers. */
  readonly operands: readonly Memory[];
  readonly grid: Grid;
  /** Multiplications and additions, two for a multiply-add. */
  readonly flops: number;
}

export interface Copy {
  readonly kind: 'copy';
  readonly from: Memory;
  readonly to: Memory;
  readonly bytes: number;
}

export type Command = Dispatch | Copy;

export function memoriesOf(command: Command): readonly Memory[] {
  return command.kind === 'copy' ? [command.from, command.to] : command.operands;
}

export interface SlotAssignment {
  /** Bytes of each slot. */
  readonly slots: readonly number[];
  readonly slotOf: ReadonlyMap<Memory, number>;
}

/**
 * Colours the plan's own memories by liveness: two that are never needed at the same time share a slot. Greedy in order of first
 * use, taking the free slot that wastes least. `exempt` memories (results) get none.
 */
export function assignSlots(commands: readonly Command[], exempt: ReadonlySet<Memory>): SlotAssignment {
  const lastUse = new Map<Memory, number>();
  for (const [at, command] of commands.entries()) for (const memory of memoriesOf(command)) lastUse.set(memory, at);
  const slots: number[] = [];
  const free: number[] = [];
  const slotOf = new Map<Memory, number>();
  for (const [at, command] of commands.entries()) {
    const touched = new Set(memoriesOf(command));
    for (const memory of touched) {
      if (memory.origin.kind !== 'slot' || exempt.has(memory) || slotOf.has(memory)) continue;
      slotOf.set(memory, takeSlot(slots, free, memory.bytes));
    }
    for (const memory of touched) {
      const slot = slotOf.get(memory);
      if (slot !== undefined && lastUse.get(memory) === at) free.push(slot);
    }
  }
  return { slots, slotOf };
}

function takeSlot(slots: number[], free: number[], bytes: number): number {
  let best = -1;
  for (const [at, slot] of free.entries()) {
    const fits = slots[slot] >= bytes;
    const bestFits = best >= 0 && slots[free[best]] >= bytes;
    // the smallest that is large enough, else the largest, which then grows
    const better = fits
      ? !bestFits || slots[slot] < slots[free[best]]
      : !bestFits && (best < 0 || slots[slot] > slots[free[best]]);
    if (better) best = at;
  }
  if (best < 0) return slots.push(bytes) - 1;
  const [slot] = free.splice(best, 1);
  slots[slot] = Math.max(slots[slot], bytes);
  return slot;
}
