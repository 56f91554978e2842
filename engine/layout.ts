/**
 * A plan on paper: the commands of a traced graph, and which buffers they need when. Nothing of it exists on a device yet, so it can be made for
 * models that fit on none.
 */
import type { PooledBuffer } from './buffers.ts';
import { paddedByteLength } from './dtype.ts';
import type { Graph, Value } from './graph.ts';
import { type ArgumentInfo, type Lowered, type LowerOptions, lowerGraph, type ShardMemory } from './lower.ts';
import { assignSlots, type Command, type Dispatch, type Memory, memoriesOf, type SlotAssignment } from './memory.ts';
import { mergeSiblings } from './merge-siblings.ts';
import { aligned, type Packing, pack } from './packing.ts';
import { sizeOf } from './shape.ts';
import type { Storage } from './storage.ts';

/** The cost of a plan, before or after it ran. */
export interface PlanDescription {
  /** Nodes of the graph that the results depend on, before fusion. */
  readonly ops: number;
  readonly dispatches: number;
  /** Distinct pipelines. */
  readonly pipelines: number;
  readonly flops: number;
  /** Bytes by owner: the plan's own (slots; parameters, with copies of small constants), its results, its arguments, and captured tensors. */
  readonly bytes: {
    readonly slots: number;
    readonly parameters: number;
    readonly results: number;
    readonly arguments: number;
    readonly captured: number;
  };
  readonly kernels: readonly { readonly name: string; readonly dispatches: number; readonly flops: number }[];
}

/** How a result comes about: in a buffer of its own, or in the place of a donated argument. */
export type ResultPlace =
  | { readonly kind: 'own'; readonly shards: readonly ShardMemory[] }
  | { readonly kind: 'argument'; readonly index: number };

export interface PlanLayout {
  readonly commands: readonly Command[];
  readonly dispatches: readonly Dispatch[];
  readonly results: readonly ResultPlace[];
  /** Memories of results that get buffers of their own. */
  readonly own: readonly Memory[];
  readonly assignment: SlotAssignment;
  readonly captured: ReadonlySet<Storage>;
  /** Bytes of the arguments that come as host data, by number; those that nothing reads are left out. */
  readonly hosted: ReadonlyMap<number, number>;
  /** Where copies of small captured buffers lie in the plan's own. Nobody writes a tensor while a plan that captured it is of use. */
  readonly constants: Packing<PooledBuffer>;
  /** Bytes from the parameters of one dispatch to those of the next, and of all of them. */
  readonly parameterStride: number;
  readonly parameterBytes: number;
  /** Of the graph, before fusion. */
  readonly nodes: number;
}

export function layOut(graph: Graph, outputs: readonly Value[], options: LowerOptions): PlanLayout {
  const lowered = lowerGraph(graph, outputs, options);
  const { results, commands: apart } = placeResults(lowered, outputs, options.arguments);
  const commands = options.fusion ? mergeSiblings(apart, options.traits) : apart;
  const own = results.flatMap((place) => (place.kind === 'own' ? place.shards.map(({ memory }) => memory) : []));
  const dispatches = commands.filter((command) => command.kind === 'dispatch');
  const stride = parameterStride(dispatches);
  const captured = capturedStorages(commands);
  const hasParameters = dispatches.some(({ source }) => source.parameters.length > 0);
  return {
    commands,
    dispatches,
    results,
    own,
    assignment: assignSlots(commands, new Set(own)),
    captured,
    hosted: hostedBytes(options.arguments, commands),
    constants: pack([...captured].flatMap(({ shards }) => shards.map(({ buffer }) => [buffer, buffer.bytes] as const))),
    parameterStride: stride,
    parameterBytes: hasParameters ? dispatches.length * stride : 0,
    nodes: lowered.nodes,
  };
}

export function describeLayout(layout: PlanLayout): PlanDescription {
  const { dispatches, commands, own, captured, assignment } = layout;
  const kernels = new Map<string, { name: string; dispatches: number; flops: number }>();
  for (const { source, flops } of dispatches) {
    const entry = kernels.get(source.name) ?? { name: source.name, dispatches: 0, flops: 0 };
    entry.dispatches++;
    entry.flops += flops;
    kernels.set(source.name, entry);
  }
  const total = (numbers: readonly number[]) => numbers.reduce((sum, value) => sum + value, 0);
  const argumentBytes = new Map<string, number>();
  for (const memory of commands.flatMap(memoriesOf)) {
    if (memory.origin.kind === 'argument')
      argumentBytes.set(`${memory.origin.index}.${memory.origin.shard}`, memory.bytes);
  }
  return {
    ops: layout.nodes,
    dispatches: dispatches.length,
    pipelines: new Set(dispatches.map(({ source }) => source.wgsl)).size,
    flops: total(dispatches.map(({ flops }) => flops)),
    bytes: {
      slots: total(assignment.slots),
      parameters: layout.parameterBytes + layout.constants.bytes,
      results: total(own.map(({ bytes }) => bytes)),
      arguments: total([...argumentBytes.values()]) + paddingOf(layout.hosted),
      captured: total([...captured].map(({ bytes }) => bytes)),
    },
    kernels: [...kernels.values()].sort((a, b) => b.flops - a.flops || b.dispatches - a.dispatches),
  };
}

function hostedBytes(infos: readonly ArgumentInfo[], commands: readonly Command[]): Map<number, number> {
  const read = new Set<number>();
  for (const { origin } of commands.flatMap(memoriesOf)) if (origin.kind === 'argument') read.add(origin.index);
  const entries = infos.map(({ shape, dtype }, index) => [index, paddedByteLength(dtype, sizeOf(shape))] as const);
  return new Map(entries.filter(([index]) => infos[index].hosted && read.has(index)));
}

/** What packing adds to the bytes of the pieces. */
function paddingOf(pieces: ReadonlyMap<number, number>): number {
  const { offsets, bytes } = pack(pieces);
  return [...offsets.keys()].reduce((rest, index) => rest - pieces.get(index)!, bytes);
}

function parameterStride(dispatches: readonly Dispatch[]): number {
  return aligned(Math.max(1, ...dispatches.map(({ source }) => source.parameters.length * 4)));
}

function capturedStorages(commands: readonly Command[]): Set<Storage> {
  const captured = new Set<Storage>();
  for (const { origin } of commands.flatMap(memoriesOf)) if (origin.kind === 'captured') captured.add(origin.storage);
  return captured;
}

/**
 * Gives every result a memory of its own: values that are arguments, captured tensors, the same as another result, or the front part of
 * something larger are copied.
 */
function placeResults(
  { outputs, commands }: Lowered,
  values: readonly Value[],
  args: readonly ArgumentInfo[],
): { results: ResultPlace[]; commands: Command[] } {
  const taken = new Set<Memory>();
  const all = [...commands];
  const results = outputs.map((shards, i): ResultPlace => {
    const [{ memory: first }] = shards;
    const { shape, dtype } = values[i];
    const bytesOf = (rows: number) => paddedByteLength(dtype, (sizeOf(shape) / (shape[0] ?? 1)) * rows);
    const donated =
      first.origin.kind === 'argument' &&
      args[first.origin.index].donated &&
      args[first.origin.index].shardRows.length === shards.length;
    const whole = shards.every(({ memory, rows }) => memory.origin.kind === 'slot' && memory.bytes === bytesOf(rows));
    if (!shards.some(({ memory }) => taken.has(memory)) && (whole || donated)) {
      for (const { memory } of shards) taken.add(memory);
      return first.origin.kind === 'argument'
        ? { kind: 'argument', index: first.origin.index }
        : { kind: 'own', shards };
    }
    const copies = shards.map(({ memory: from, firstRow, rows }): ShardMemory => {
      const memory: Memory = { bytes: bytesOf(rows), origin: { kind: 'slot' } };
      all.push({ kind: 'copy', from, to: memory, bytes: memory.bytes });
      return { memory, firstRow, rows };
    });
    return { kind: 'own', shards: copies };
  });
  return { results, commands: all };
}
