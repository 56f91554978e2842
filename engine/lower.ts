/** From graph to commands: every node, or fused group of nodes, becomes dispatches over memories. Nothing touches the device yet. */
import type { Epilogue } from '../kernels/expression.ts';
import { type Grid, type KernelSource, maxWorkgroupsPerDimension } from '../kernels/source.ts';
import type { DeviceTraits } from './device.ts';
import { type DType, paddedByteLength } from './dtype.ts';
import { OpError } from './errors.ts';
import { type Consumers, consumersOf, epilogueOf, type FusedGroup, type Fusion, fuse, identity } from './fuse.ts';
import { type Attributes, type Graph, type Node, reachableNodes, type Value } from './graph.ts';
import { emitMap, supportsInPlace } from './map.ts';
import type { Command, Memory } from './memory.ts';
import {
  broadcastLayout,
  contiguousLayout,
  formatShape,
  isContiguous,
  type Layout,
  type Shape,
  sizeOf,
} from './shape.ts';

/** What a plan knows of an argument. */
export interface ArgumentInfo {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Rows of each shard; one entry for a whole tensor. */
  readonly shardRows: readonly number[];
  /** The caller gives it up, so that a result may take its place. */
  readonly donated: boolean;
}

/** A value's memory and the layout in which it lies there. */
export interface Located {
  readonly memory: Memory;
  readonly layout: Layout;
  readonly dtype: DType;
}

export interface ShardMemory {
  readonly memory: Memory;
  readonly firstRow: number;
  readonly rows: number;
}

/** A kernel call as ops write it: parameters by name. */
export interface Call {
  readonly source: KernelSource;
  readonly parameters: Readonly<Record<string, number>>;
  readonly operands: readonly Memory[];
  readonly grid: Grid;
  readonly flops?: number;
}

/** What an op's `lower` sees. */
export interface LowerContext {
  readonly traits: DeviceTraits;
  readonly attributes: Attributes;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Input `i`, contiguous in one buffer; throws for a row-sharded tensor. */
  input(i: number): Memory;
  /** Input `i`, contiguous, in as many shards as it has. */
  shards(i: number): readonly ShardMemory[];
  /** Fresh memory for output `i` (of the fused group, where the op has a tail). */
  output(i: number): Memory;
  /** Memory for output `i` that already holds input `from`, its own buffer where nobody needs the old content any more. */
  inPlace(from: number, i: number): Memory;
  scratch(bytes: number): Memory;
  /** Copies input `i`, in whatever layout it lies, into a window of `to` that has the input's shape. */
  copyInto(i: number, to: Memory, window: Layout): void;
  /** The elementwise tail that output 0 takes, and its operands. */
  readonly tail: {
    readonly epilogue: Epilogue;
    readonly operands: readonly Memory[];
    readonly constants: Readonly<Record<string, number>>;
  } | null;
  dispatch(call: Call): void;
}

export interface Lowered {
  readonly commands: readonly Command[];
  /** Where each output lies, contiguous; several may share one memory. */
  readonly outputs: readonly Memory[];
  readonly nodes: number;
}

export interface LowerOptions {
  readonly traits: DeviceTraits;
  readonly arguments: readonly ArgumentInfo[];
  readonly fusion: boolean;
}

export function lowerGraph(graph: Graph, outputs: readonly Value[], options: LowerOptions): Lowered {
  return new Lowerer(graph, outputs, options).run();
}

class Lowerer {
  readonly #options: LowerOptions;
  readonly #outputs: readonly Value[];
  readonly #nodes: readonly Node[];
  readonly #consumers: Consumers;
  readonly #fusion: Fusion;
  readonly #order: ReadonlyMap<Node, number>;
  readonly #located = new Map<Value, Located>();
  readonly #copies = new Map<Value, Located>();
  readonly #valuesIn = new Map<Memory, Value[]>();
  readonly #sourceShards = new Map<Value, ShardMemory[]>();
  readonly #commands: Command[] = [];
  #now = 0;

  constructor(graph: Graph, outputs: readonly Value[], options: LowerOptions) {
    this.#options = options;
    this.#outputs = outputs;
    this.#nodes = reachableNodes(graph, outputs);
    this.#consumers = consumersOf(this.#nodes);
    this.#fusion = fuse(this.#nodes, outputs, this.#consumers, { enabled: options.fusion });
    this.#order = new Map(this.#nodes.map((node, i) => [node, i]));
  }

  run(): Lowered {
    for (const [at, node] of this.#nodes.entries()) {
      this.#now = at;
      if (this.#fusion.absorbedBy.has(node)) continue;
      const { lowering } = node.op;
      if (lowering.kind === 'view') this.#lowerView(node);
      else if (lowering.kind === 'elementwise') this.#lowerGroup(this.#fusion.groups.get(node)!);
      else lowering.lower(this.#context(node, null));
    }
    this.#now = this.#nodes.length;
    const outputs = this.#outputs.map((value) => this.#contiguous(value).memory);
    return { commands: this.#commands, outputs, nodes: this.#nodes.length };
  }

  // ---- where values lie

  #place(value: Value, memory: Memory, layout: Layout): Located {
    const located = { memory, layout, dtype: value.dtype };
    this.#located.set(value, located);
    const sharing = this.#valuesIn.get(memory);
    if (sharing) sharing.push(value);
    else this.#valuesIn.set(memory, [value]);
    return located;
  }

  #newMemory(shape: Shape, dtype: DType): Memory {
    return { bytes: this.#boundBytes('result', shape, dtype), origin: { kind: 'slot' } };
  }

  /** Bytes of a tensor that one binding has to hold; throws when it cannot. */
  #boundBytes(what: string, shape: Shape, dtype: DType): number {
    const bytes = paddedByteLength(dtype, sizeOf(shape));
    const { maxBindingBytes } = this.#options.traits;
    if (bytes > maxBindingBytes) {
      throw new OpError(
        'plan',
        `the ${dtype} ${what} ${formatShape(shape)} of ${bytes} bytes exceeds the largest binding of ${maxBindingBytes} bytes; compute it in parts`,
      );
    }
    return bytes;
  }

  /** Shards of an argument or captured tensor. */
  #shardsOf(value: Value): ShardMemory[] {
    const known = this.#sourceShards.get(value);
    if (known) return known;
    const { origin, shape, dtype } = value;
    let rows: readonly number[];
    if (origin.kind === 'argument') rows = this.#options.arguments[origin.index].shardRows;
    else if (origin.kind === 'captured') rows = origin.storage.shards.map((shard) => shard.rows);
    else throw new Error('only arguments and captured tensors have shards');
    let firstRow = 0;
    const shards = rows.map((count, shard) => {
      const memory: Memory = {
        bytes: this.#boundBytes('argument', shape.length === 0 ? shape : [count, ...shape.slice(1)], dtype),
        origin:
          origin.kind === 'argument'
            ? { kind: 'argument', index: origin.index, shard }
            : { kind: 'captured', storage: origin.storage, shard },
      };
      const entry = { memory, firstRow, rows: count };
      firstRow += count;
      return entry;
    });
    this.#sourceShards.set(value, shards);
    return shards;
  }

  #locate(value: Value, reader: string): Located {
    const known = this.#located.get(value);
    if (known) return known;
    if (value.origin.kind === 'constant') throw new OpError(reader, 'a plain number cannot stand here; give a tensor');
    if (value.origin.kind === 'node')
      throw new Error(`${reader} reads a value of ${value.origin.node.op.name} before it is computed`);
    const shards = this.#shardsOf(value);
    if (shards.length > 1) {
      throw new OpError(
        reader,
        `cannot take the row-sharded tensor ${formatShape(value.shape)}; gather and matmul with transposed B can`,
      );
    }
    return this.#place(value, shards[0].memory, contiguousLayout(value.shape));
  }

  /** The value in row-major order: where it lies, or a copy (made once). */
  #contiguous(value: Value, reader = 'plan'): Located {
    const located = this.#locate(value, reader);
    if (isContiguous(located.layout)) return located;
    const known = this.#copies.get(value);
    if (known) return known;
    const memory = this.#newMemory(value.shape, value.dtype);
    const copy = { memory, layout: contiguousLayout(value.shape), dtype: value.dtype };
    // later readers of the value find the copy, so it must not be overwritten before them
    this.#valuesIn.set(memory, [value]);
    this.#emitMap(`copy ${formatShape(value.shape)}`, value, [located], copy);
    this.#copies.set(value, copy);
    return copy;
  }

  #emitMap(label: string, value: Value, operands: Located[], result: Located): void {
    this.#push(label, emitMap(identity, operands, result, value.shape));
  }

  #push(label: string, { source, parameters, operands, grid, flops = 0 }: Call): void {
    const values = source.parameters.map(({ name }) => {
      const value = parameters[name];
      if (value === undefined) throw new Error(`${label}: kernel «${source.name}» wants the parameter ${name}`);
      return value;
    });
    if (grid.some((extent) => extent > maxWorkgroupsPerDimension)) {
      throw new OpError(
        'plan',
        `${label}: a grid of ${grid.join(' × ')} workgroups exceeds the limit; use smaller parts`,
      );
    }
    this.#commands.push({ kind: 'dispatch', label, source, parameters: values, operands, grid, flops });
  }

  // ---- nodes

  #lowerView(node: Node): void {
    const [input] = node.inputs;
    const [output] = node.outputs;
    const { lowering } = node.op;
    if (lowering.kind !== 'view') return;
    const located = this.#locate(input, node.op.name);
    const direct = lowering.view(located.layout, node.attributes, output.shape);
    if (direct) {
      this.#place(output, located.memory, direct);
      return;
    }
    const copy = this.#contiguous(input, node.op.name);
    this.#place(output, copy.memory, lowering.view(copy.layout, node.attributes, output.shape)!);
  }

  #lowerGroup(group: FusedGroup): void {
    if (group.producer) {
      const { lowering } = group.producer.op;
      if (lowering.kind === 'kernel') lowering.lower(this.#context(group.producer, group));
      return;
    }
    const { root, leaves, expression } = group;
    const [value] = root.outputs;
    const name = root.op.name;
    const operands = leaves.map((leaf) => {
      const located = this.#locate(leaf, name);
      return { ...located, layout: broadcastLayout(located.layout, value.shape) };
    });
    const layout = contiguousLayout(value.shape);
    const reused = operands.findIndex(
      (operand, i) =>
        this.#canTakeOver(operand, leaves[i], value) &&
        supportsInPlace(operands, { ...operand, layout }, value.shape, i) &&
        operands.every((other, j) => i === j || other.memory !== operand.memory),
    );
    const memory = reused >= 0 ? operands[reused].memory : this.#newMemory(value.shape, value.dtype);
    const result = this.#place(value, memory, layout);
    const call = emitMap(expression, operands, result, value.shape, reused >= 0 ? reused : undefined);
    this.#push(`${name} ${formatShape(value.shape)}`, call);
  }

  /** An elementwise result may take the place of a donated argument of its own shape and dtype. */
  #canTakeOver(operand: Located, leaf: Value, result: Value): boolean {
    return (
      operand.memory.origin.kind === 'argument' &&
      leaf.dtype === result.dtype &&
      sizeOf(leaf.shape) === sizeOf(result.shape) &&
      isContiguous(operand.layout) &&
      this.#isFree(operand.memory)
    );
  }

  /** Whether the content of `memory` may be overwritten by the node at hand. */
  #isFree(memory: Memory): boolean {
    const { origin } = memory;
    if (origin.kind === 'captured') return false;
    if (origin.kind === 'argument' && !this.#options.arguments[origin.index].donated) return false;
    return (this.#valuesIn.get(memory) ?? []).every((value) => !this.#readLater(value));
  }

  #readLater(value: Value): boolean {
    if (this.#outputs.includes(value)) return true;
    return (this.#consumers.get(value) ?? []).some((node) => {
      if (node.op.lowering.kind === 'view') return this.#readLater(node.outputs[0]);
      return this.#order.get(this.#fusion.absorbedBy.get(node) ?? node)! > this.#now;
    });
  }

  #context(node: Node, group: FusedGroup | null): LowerContext {
    const { name } = node.op;
    const outputs = group ? group.root.outputs : node.outputs;
    const label = `${name} ${node.inputs.map(({ shape }) => formatShape(shape)).join(' ')}`;
    const isSource = (value: Value) => value.origin.kind === 'argument' || value.origin.kind === 'captured';
    const output = (i: number) => {
      const memory = this.#newMemory(outputs[i].shape, outputs[i].dtype);
      this.#place(outputs[i], memory, contiguousLayout(outputs[i].shape));
      return memory;
    };
    return {
      traits: this.#options.traits,
      attributes: node.attributes,
      inputs: node.inputs,
      outputs,
      input: (i) => this.#contiguous(node.inputs[i], name).memory,
      shards: (i) => {
        const value = node.inputs[i];
        if (isSource(value)) return this.#shardsOf(value);
        return [{ memory: this.#contiguous(value, name).memory, firstRow: 0, rows: value.shape[0] ?? 1 }];
      },
      output,
      inPlace: (from, i) => {
        const { memory } = this.#contiguous(node.inputs[from], name);
        // WebGPU forbids reading and writing one buffer through two bindings
        const readBeside = node.inputs.some(
          (other, at) => at !== from && this.#contiguous(other, name).memory === memory,
        );
        if (!readBeside && this.#isFree(memory)) {
          this.#place(outputs[i], memory, contiguousLayout(outputs[i].shape));
          return memory;
        }
        const copy = output(i);
        // the input may be the front part of something larger
        this.#commands.push({ kind: 'copy', from: memory, to: copy, bytes: copy.bytes });
        return copy;
      },
      scratch: (bytes) => this.#newMemory([Math.ceil(bytes / 4)], 'f32'),
      copyInto: (i, to, window) => {
        const input = this.#locate(node.inputs[i], name);
        this.#emitMap(label, node.inputs[i], [input], { memory: to, layout: window, dtype: outputs[0].dtype });
      },
      tail: group
        ? {
            epilogue: epilogueOf(group),
            operands: group.leaves.slice(1).map((leaf) => this.#contiguous(leaf, name).memory),
            constants: Object.fromEntries(group.expression.constants.map((value, i) => [`c${i}`, value])),
          }
        : null,
      dispatch: (call) => this.#push(label, call),
    };
  }
}
