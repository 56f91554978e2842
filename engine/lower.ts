/** From graph to commands: every node, or fused group of nodes, becomes dispatches over memories. Nothing touches the device yet. */
import type { Epilogue } from '../kernels/expression.ts';
import { type Grid, type KernelSource, maxWorkgroupsPerDimension } from '../kernels/source.ts';
import type { DeviceTraits } from './device.ts';
import { type DType, paddedByteLength } from './dtype.ts';
import { OpError } from './errors.ts';
import { type Consumers, consumersOf, epilogueOf, type FusedGroup, type Fusion, fuse, identity } from './fuse.ts';
import { type Attributes, type Graph, type Node, reachableNodes, type Value } from './graph.ts';
import { emitMap, supportsInPlace } from './map.ts';
import type { Command, Memory, MemoryOrigin } from './memory.ts';
import { attribute } from './op.ts';
import {
  broadcastLayout,
  contiguousLayout,
  formatShape,
  isContiguous,
  type Layout,
  type Shape,
  sameShape,
  sizeOf,
} from './shape.ts';
import { shardRows } from './storage.ts';

/** What a plan knows of an argument. */
export interface ArgumentInfo {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Rows of each shard; one entry for a whole tensor. */
  readonly shardRows: readonly number[];
  /** The caller gives it up, so that a result may take its place. */
  readonly donated: boolean;
  /** It comes as host data. */
  readonly hosted: boolean;
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

/** A LayerNorm that a kernel computes before its own work. */
export interface NormInput {
  readonly x: Memory;
  readonly xType: DType;
  readonly weight: Memory;
  readonly bias: Memory;
  /** Of weight and bias. */
  readonly type: DType;
  readonly epsilon: number;
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
  /** Fresh memory for output `i` (of the fused group, where the op has a tail); throws where it is larger than a binding. */
  output(i: number): Memory;
  /** Fresh memory for output `i`, in shards of rows where it is larger than a binding. */
  outputShards(i: number): readonly ShardMemory[];
  /** Memory for output `i` that already holds input `from`, its own buffers where nobody needs the old content any more; sharded as the input is. */
  inPlace(from: number, i: number): readonly ShardMemory[];
  scratch(bytes: number): Memory;
  /** Copies input `i`, in whatever layout it lies, into a window of `to` that has the input's shape. */
  copyInto(i: number, to: Memory, window: Layout): void;
  /** Copies an f32 number into element `at` of `to`. */
  placeNumber(number: Memory, to: Memory, at: number): void;
  /** What takes the place of input 0, where the op has said that it `takesNorm`. */
  readonly norm: NormInput | null;
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
  /** Where each output lies, contiguous, in one or more shards; several may share a memory. */
  readonly outputs: readonly (readonly ShardMemory[])[];
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

/** Consecutive rows of a tensor. */
interface RowRun {
  readonly start: number;
  readonly count: number;
}

/** The runs of rows within which none of the tensors goes on in another buffer. */
function runsBetween(tensors: readonly (readonly ShardMemory[])[], rows: number): RowRun[] {
  const borders = new Set(tensors.flatMap((shards) => shards.map(({ firstRow }) => firstRow)));
  const starts = [...borders].sort((a, b) => a - b);
  return starts.map((start, i) => ({ start, count: (starts[i + 1] ?? rows) - start }));
}

/** Where some rows of a value lie: in one of its shards. */
function windowOf(shards: readonly ShardMemory[], { shape, dtype }: Value, { start, count }: RowRun): Located {
  const [, ...rest] = shape;
  const shard = shards.findLast(({ firstRow }) => firstRow <= start)!;
  const layout = { ...contiguousLayout([count, ...rest]), offset: (start - shard.firstRow) * sizeOf(rest) };
  return { memory: shard.memory, layout, dtype };
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
  /** Of arguments and captured tensors, and of results larger than a binding. */
  readonly #shards = new Map<Value, readonly ShardMemory[]>();
  readonly #commands: Command[] = [];
  #now = 0;

  constructor(graph: Graph, outputs: readonly Value[], options: LowerOptions) {
    this.#options = options;
    this.#outputs = outputs;
    this.#nodes = reachableNodes(graph, outputs);
    this.#consumers = consumersOf(this.#nodes);
    this.#fusion = fuse(this.#nodes, outputs, this.#consumers, {
      enabled: options.fusion,
      traits: options.traits,
    });
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
    const outputs = this.#outputs.map((value) => this.#wholeOrShards(value, 'plan'));
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
  #sourceShards(value: Value): readonly ShardMemory[] {
    const known = this.#shards.get(value);
    if (known) return known;
    const { origin } = value;
    let rows: readonly number[];
    if (origin.kind === 'argument') rows = this.#options.arguments[origin.index].shardRows;
    else if (origin.kind === 'captured') rows = origin.storage.shards.map((shard) => shard.rows);
    else throw new Error('only arguments and captured tensors have shards');
    return this.#placeShards(value, rows, (shard) =>
      origin.kind === 'argument'
        ? { kind: 'argument', index: origin.index, shard }
        : { kind: 'captured', storage: origin.storage, shard },
    );
  }

  #placeShards(value: Value, rows: readonly number[], originOf: (shard: number) => MemoryOrigin): ShardMemory[] {
    const { shape, dtype } = value;
    let firstRow = 0;
    const shards = rows.map((count, shard) => {
      const bytes = this.#boundBytes('argument', shape.length === 0 ? shape : [count, ...shape.slice(1)], dtype);
      const entry = { memory: { bytes, origin: originOf(shard) }, firstRow, rows: count };
      firstRow += count;
      return entry;
    });
    this.#setShards(value, shards);
    return shards;
  }

  #setShards(value: Value, shards: readonly ShardMemory[]): void {
    this.#shards.set(value, shards);
    for (const { memory } of shards) this.#valuesIn.set(memory, [...(this.#valuesIn.get(memory) ?? []), value]);
  }

  /** The shards of a value that has several; null for one that lies in one memory. */
  #shardsOf(value: Value): readonly ShardMemory[] | null {
    const isSource = value.origin.kind === 'argument' || value.origin.kind === 'captured';
    const shards = isSource ? this.#sourceShards(value) : this.#shards.get(value);
    return shards && shards.length > 1 ? shards : null;
  }

  #wholeOrShards(value: Value, reader: string): readonly ShardMemory[] {
    const whole = () => [{ memory: this.#contiguous(value, reader).memory, firstRow: 0, rows: value.shape[0] ?? 1 }];
    return this.#shardsOf(value) ?? whole();
  }

  /** Fresh memory for a result, in shards where it is larger than a binding. */
  #newShards(value: Value): readonly ShardMemory[] {
    const rows = shardRows(value.shape, value.dtype, this.#options.traits.maxBindingBytes);
    if (rows.length > 1) return this.#placeShards(value, rows, () => ({ kind: 'slot' }));
    const memory = this.#newMemory(value.shape, value.dtype);
    this.#place(value, memory, contiguousLayout(value.shape));
    return [{ memory, firstRow: 0, rows: value.shape[0] ?? 1 }];
  }

  #locate(value: Value, reader: string): Located {
    const known = this.#located.get(value);
    if (known) return known;
    if (value.origin.kind === 'constant') throw new OpError(reader, 'a plain number cannot stand here; give a tensor');
    if (this.#shardsOf(value)) {
      throw new OpError(
        reader,
        `cannot take the row-sharded tensor ${formatShape(value.shape)}; elementwise ops, gather, sums over all axes and matmul with transposed B can`,
      );
    }
    if (value.origin.kind === 'node')
      throw new Error(`${reader} reads a value of ${value.origin.node.op.name} before it is computed`);
    return this.#place(value, this.#sourceShards(value)[0].memory, contiguousLayout(value.shape));
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
    const { maxBindingBytes } = this.#options.traits;
    const isLarge = paddedByteLength(value.dtype, sizeOf(value.shape)) > maxBindingBytes;
    if (isLarge || leaves.some((leaf) => this.#shardsOf(leaf))) {
      this.#lowerShardedGroup(group);
      return;
    }
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

  /** An elementwise computation over rows that lie in several buffers: a kernel for each run of rows between two borders of any of them. */
  #lowerShardedGroup({ root, leaves, expression }: FusedGroup): void {
    const [value] = root.outputs;
    const [rows, ...rest] = value.shape;
    const isByRow = (leaf: Value) => leaf.shape.length === value.shape.length && leaf.shape[0] === rows;
    const whole = leaves.find((leaf) => this.#shardsOf(leaf) && !sameShape(leaf.shape, value.shape));
    if (whole || (sizeOf(rest) % 4 !== 0 && value.dtype === 'f16'))
      throw new OpError(
        root.op.name,
        `cannot spread row-sharded tensors: ${leaves.map(({ shape }) => formatShape(shape)).join(' and ')}`,
      );
    const inputs = leaves.map((leaf) => this.#wholeOrShards(leaf, root.op.name));
    const operandsOf = ({ start, count }: RowRun): Located[] =>
      leaves.map((leaf, at) => {
        const located = isByRow(leaf) ? windowOf(inputs[at], leaf, { start, count }) : this.#locate(leaf, root.op.name);
        return { ...located, layout: broadcastLayout(located.layout, [count, ...rest]) };
      });
    const reused = leaves.findIndex(
      (leaf, i) =>
        this.#canTakeOverShards(inputs[i], leaf, value) &&
        runsBetween(inputs, rows).every((run) =>
          supportsInPlace(operandsOf(run), windowOf(inputs[i], value, run), [run.count, ...rest], i),
        ),
    );
    const results = reused >= 0 ? inputs[reused] : this.#newShards(value);
    if (reused >= 0) this.#setShards(value, results);
    for (const run of runsBetween([...inputs, results], rows)) {
      const shape = [run.count, ...rest];
      const result = windowOf(results, value, run);
      const call = emitMap(expression, operandsOf(run), result, shape, reused >= 0 ? reused : undefined);
      this.#push(`${root.op.name} ${formatShape(shape)}`, call);
    }
  }

  #canTakeOverShards(shards: readonly ShardMemory[], leaf: Value, result: Value): boolean {
    return (
      shards.length > 1 &&
      leaf.dtype === result.dtype &&
      sameShape(leaf.shape, result.shape) &&
      shards.every(({ memory }) => memory.origin.kind === 'argument' && this.#isFree(memory))
    );
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

  #inPlace(node: Node, from: number, output: Value): readonly ShardMemory[] {
    const { name } = node.op;
    const shards = this.#wholeOrShards(node.inputs[from], name);
    // WebGPU forbids reading and writing one buffer through two bindings
    const readBeside = node.inputs.flatMap((other, at) =>
      at === from ? [] : this.#wholeOrShards(other, name).map(({ memory }) => memory),
    );
    const isFree = shards.every(({ memory }) => !readBeside.includes(memory) && this.#isFree(memory));
    if (isFree && shards.length > 1) this.#setShards(output, shards);
    else if (isFree) this.#place(output, shards[0].memory, contiguousLayout(output.shape));
    if (isFree) return shards;
    const copies = this.#newShards(output);
    // the input may be the front part of something larger
    for (const [i, { memory: to }] of copies.entries())
      this.#commands.push({ kind: 'copy', from: shards[i].memory, to, bytes: to.bytes });
    return copies;
  }

  #normOf(reader: Node): NormInput | null {
    const norm = this.#fusion.norms.get(reader);
    if (!norm) return null;
    const [x, weight, bias] = norm.inputs.map((value) => this.#contiguous(value, norm.op.name));
    return {
      x: x.memory,
      xType: x.dtype,
      weight: weight.memory,
      bias: bias.memory,
      type: weight.dtype,
      epsilon: attribute<number>(norm.attributes, 'epsilon'),
    };
  }

  #context(node: Node, group: FusedGroup | null): LowerContext {
    const { name } = node.op;
    const outputs = group ? group.root.outputs : node.outputs;
    const label = `${name} ${node.inputs.map(({ shape }) => formatShape(shape)).join(' ')}`;
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
      shards: (i) => this.#wholeOrShards(node.inputs[i], name),
      output,
      outputShards: (i) => this.#newShards(outputs[i]),
      inPlace: (from, i) => this.#inPlace(node, from, outputs[i]),
      scratch: (bytes) => this.#newMemory([Math.ceil(bytes / 4)], 'f32'),
      copyInto: (i, to, window) => {
        const input = this.#locate(node.inputs[i], name);
        this.#emitMap(label, node.inputs[i], [input], { memory: to, layout: window, dtype: outputs[0].dtype });
      },
      placeNumber: (number, to, at) => {
        const layout = (offset: number): Layout => ({ shape: [1], strides: [1], offset });
        const located = (memory: Memory, offset: number): Located => ({ memory, layout: layout(offset), dtype: 'f32' });
        this.#push(label, emitMap(identity, [located(number, 0)], located(to, at), [1]));
      },
      norm: this.#normOf(node),
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
