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

/** First and last command that touch a memory; it is needed in both and between. */
interface Life {
  readonly first: number;
  readonly last: number;
}

interface Slot {
  readonly bytes: number;
  /** Of what it holds, in order of time. */
  readonly lives: Life[];
}

/**
 * Colours the plan's own memories by liveness: two that are never needed at the same time share a slot. The largest get theirs first, so a slot is as large as the
 * first memory in it, and no small one that lives long sits in a large slot while there is a smaller one free («greedy by size» of Pisarchyk and Lee, «Efficient
 * memory management for deep neural net inference», 2020). `exempt` memories (results) get none.
 */
export function assignSlots(commands: readonly Command[], exempt: ReadonlySet<Memory>): SlotAssignment {
  const lives = livesOf(commands);
  const own = [...lives].filter(([memory]) => memory.origin.kind === 'slot' && !exempt.has(memory));
  const slots: Slot[] = [];
  const slotOf = new Map<Memory, number>();
  for (const [memory, life] of own.sort(([a], [b]) => b.bytes - a.bytes)) {
    const found = smallestFree(slots, life);
    const at = found ?? slots.push({ bytes: memory.bytes, lives: [] }) - 1;
    const { lives: taken } = slots[at];
    taken.splice(placeAmong(taken, life), 0, life);
    slotOf.set(memory, at);
  }
  return { slots: slots.map(({ bytes }) => bytes), slotOf };
}

function livesOf(commands: readonly Command[]): Map<Memory, Life> {
  const lives = new Map<Memory, Life>();
  for (const [at, command] of commands.entries())
    for (const memory of memoriesOf(command)) lives.set(memory, { first: lives.get(memory)?.first ?? at, last: at });
  return lives;
}

/** The number of the smallest slot that is free all that time (slots fall in size); of several the one last used, which caches may still hold. */
function smallestFree(slots: readonly Slot[], life: Life): number | null {
  let best: number | null = null;
  let lastUse = -1;
  for (let at = slots.length - 1; at >= 0; at--) {
    const { bytes, lives } = slots[at];
    if (best !== null && bytes > slots[best].bytes) break;
    const place = placeAmong(lives, life);
    if (place < lives.length && lives[place].first <= life.last) continue;
    const before = lives[place - 1]?.last ?? -1;
    if (before >= life.first) continue;
    if (best === null || before > lastUse) [best, lastUse] = [at, before];
  }
  return best;
}

/** How many of these begin before a life does. */
function placeAmong(lives: readonly Life[], { first }: Life): number {
  let [low, high] = [0, lives.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lives[middle].first < first) low = middle + 1;
    else high = middle;
  }
  return low;
}
