/** `compile(fn)`: traces a function of tensors once per shape signature, plans it, and replays the plan from then on. */
import type { Device, DeviceTraits } from './device.ts';
import { type DType, dtypeOf, type HostData } from './dtype.ts';
import { OpError } from './errors.ts';
import { Graph, type Value } from './graph.ts';
import { describeLayout, layOut, type PlanDescription } from './layout.ts';
import type { ArgumentInfo } from './lower.ts';
import { Plan, type RunArgument } from './plan.ts';
import { RecentMap } from './recent.ts';
import { checkShape, formatShape, type Shape, sizeOf } from './shape.ts';
import { shardRows } from './storage.ts';
import { Tensor } from './tensor.ts';
import { leavesOf, mapTree, textOfTree } from './tree.ts';

/** Data for an argument that changes with every call: it is written into a buffer that the plan keeps. */
export class HostArray {
  readonly data: HostData;
  readonly shape: Shape;

  constructor(data: HostData, shape: Shape = [data.length]) {
    if (sizeOf(shape) !== data.length)
      throw new OpError('HostArray', `${data.length} elements do not fill shape ${formatShape(shape)}`);
    checkShape('HostArray', shape);
    this.data = data;
    this.shape = shape;
  }
}

/** Stands for a tensor that does not exist, where only its shape counts: see `Compiled.estimate`. */
export class TensorShape {
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(shape: Shape, dtype: DType = 'f32') {
    checkShape('TensorShape', shape);
    this.shape = shape;
    this.dtype = dtype;
  }
}

/** Plans of one function that are kept, each with its own slots: the shapes used last. */
const defaultPlans = 16;

export interface CompileOptions {
  /** Positions of arguments that the caller gives up: results may take their buffers, and using them again throws. */
  donate?: readonly number[];
  /** Needed only where neither an argument nor a captured tensor tells. */
  device?: Device;
  /** For messages and labels. */
  name?: string;
  /** False runs every op as a kernel of its own; for comparing. Default true. */
  fusion?: boolean;
  /** Plans that are kept, of the shapes used last; making one again costs time. Default 16. */
  plans?: number;
  /** Hears how many of the pipelines of a new plan are compiled. */
  onCompile?: (done: number, all: number) => void;
}

/**
 * What a caller may give where the function takes a tensor: data that changes from call to call need no tensor of their own. A function
 * declares numbers as tensors, for that is how it gets them.
 */
export type Feed<T, More = never> = T extends Tensor
  ? Tensor | HostArray | number | More
  : T extends number
    ? never
    : T extends object
      ? { [K in keyof T]: Feed<T[K], More> }
      : T;
type Feeds<Args extends readonly unknown[], More = never> = { [K in keyof Args]: Feed<Args[K], More> };

export interface Compiled<Args extends readonly unknown[], Result> {
  (...args: Feeds<Args>): Promise<Result>;
  /** Traces and compiles for arguments like these without running. */
  prepare(...args: Feeds<Args>): Promise<void>;
  /** The cost of the plan for arguments like these (default: of the plan used last). */
  describe(...args: Feeds<Args> | []): PlanDescription;
  /**
   * What a plan for arguments like these would cost on a device of such traits. Nothing is allocated, compiled or kept, and a {@link TensorShape} may stand
   * for a tensor, so the model may be larger than any device.
   */
  estimate(traits: DeviceTraits, ...args: Feeds<Args, TensorShape>): PlanDescription;
  /** Frees the buffers of all plans. */
  dispose(): void;
}

interface Entry {
  readonly plan: Plan;
  /** The function's result with the number of the output in the place of every tensor. */
  readonly template: unknown;
}

/** A leaf of the result that is a tensor: the n-th output. */
class OutputSlot {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

/**
 * A function of tensors that runs as a whole: `body` is traced once for each signature of shapes, differentiated where it asks for gradients,
 * fused and planned; later calls replay the plan. Arguments and results are trees (lists and plain objects) of tensors; numbers and
 * {@link HostArray}s may be given for tensors whose data change from call to call.
 *
 * @throws OpError (from the call) for what cannot be an argument or a result, and where ops do not fit
 */
export function compile<Args extends readonly unknown[], Result>(
  body: (...args: Args) => Result,
  options: CompileOptions = {},
): Compiled<Args, Result> {
  const name = options.name ?? (body.name || 'step');
  const { plans = defaultPlans } = options;
  if (!Number.isInteger(plans) || plans < 1)
    throw new OpError(name, `plans must be a whole number from 1 on, got ${plans}`);
  const deviceNumbers = new WeakMap<Device, number>();
  let devicesMet = 0;
  let disposals = 0;
  const entries = new Map<string, Promise<Entry>>();
  const ready = new RecentMap<Entry>(plans, (key, { plan }) => {
    plan.dispose();
    entries.delete(key);
  });
  let last: Entry | null = null;

  /** Keys are equal for arguments that can share a plan: alike, and on one device. */
  const signatureOf = (args: readonly unknown[]): Signature => {
    const { key, leaves } = describeArguments(args, name);
    const device = options.device ?? deviceOf(leaves, name);
    if (!device) return { key, leaves };
    if (!deviceNumbers.has(device)) deviceNumbers.set(device, devicesMet++);
    return { key: `${deviceNumbers.get(device)} ${key}`, leaves };
  };

  const entryFor = async (key: string, args: Feeds<Args>): Promise<Entry> => {
    const known = ready.use(key);
    if (known) return known;
    const begun = disposals;
    let pending = entries.get(key);
    if (!pending) {
      pending = build(body, args, options, name);
      entries.set(key, pending);
      pending.catch(() => entries.delete(key));
    }
    const entry = await pending;
    if (disposals > begun) {
      entry.plan.dispose();
      throw new OpError(name, 'the function was disposed while its plan was made');
    }
    if (!entry.plan.isDisposed) ready.set(key, entry);
    return entry;
  };

  const run = async (...args: Feeds<Args>): Promise<Result> => {
    const { key, leaves: given } = signatureOf(args);
    const known = ready.use(key);
    // data are taken as they are when the call is made, also where the plan has to be made first
    const leaves = known ? given : given.map(held);
    let entry = known ?? (await entryFor(key, args));
    // plans of other shapes that were made meanwhile may have taken its place
    while (entry.plan.isDisposed) entry = await entryFor(key, args);
    last = entry;
    const { plan, template } = entry;
    const { device } = plan;
    const results = plan.run(
      leaves.map((leaf) => runArgument(leaf, name)),
      `donated to «${name}»`,
    );
    const tensors = results.map(({ storage, shape, dtype }) => device.wrap(storage, shape, dtype));
    await device.afterSubmit();
    return mapTree(template, (leaf) => (leaf instanceof OutputSlot ? tensors[leaf.index] : leaf)) as Result;
  };

  return Object.assign(run, {
    prepare: async (...args: Feeds<Args>) => {
      last = await entryFor(signatureOf(args).key, args);
    },
    describe: (...args: Feeds<Args> | []) => {
      const entry = args.length > 0 ? ready.peek(signatureOf(args).key) : last;
      if (!entry) throw new OpError(name, 'there is no plan yet; call it, or await prepare(…), first');
      return entry.plan.describe();
    },
    estimate: (traits: DeviceTraits, ...args: Feeds<Args, TensorShape>) => {
      const { graph, outputs, infos } = trace(body, args, options, name, traits);
      return describeLayout(layOut(graph, outputs, { traits, arguments: infos, fusion: options.fusion ?? true }));
    },
    dispose: () => {
      disposals++;
      for (const { plan } of ready.values()) plan.dispose();
      entries.clear();
      ready.clear();
      last = null;
    },
  });
}

type ArgumentLeaf = Tensor | HostArray | number;

function isArgument(leaf: unknown): leaf is ArgumentLeaf {
  return leaf instanceof Tensor || leaf instanceof HostArray || typeof leaf === 'number';
}

/** A copy of data that the caller may write over. */
function held(leaf: ArgumentLeaf): ArgumentLeaf {
  return leaf instanceof HostArray ? new HostArray(leaf.data.slice(), leaf.shape) : leaf;
}

function runArgument(leaf: ArgumentLeaf, name: string): RunArgument {
  if (leaf instanceof Tensor) return leaf.storage(name);
  return leaf instanceof HostArray ? leaf.data : new Float32Array([leaf]);
}

/** What plans depend on in a leaf; null for one that cannot be an argument. */
function describeLeaf(leaf: unknown, name: string): string | null {
  if (leaf instanceof Tensor) {
    const { shards } = leaf.storage(name);
    const rows = shards.length > 1 ? shards.map((shard) => shard.rows).join('+') : '';
    return `${leaf.dtype}[${leaf.shape}]${rows}`;
  }
  if (leaf instanceof HostArray) return `host ${dtypeOf(leaf.data)}[${leaf.shape}]`;
  // a number is data, a flag or a name is part of the function
  if (typeof leaf === 'number') return 'number';
  if (typeof leaf === 'string') return JSON.stringify(leaf);
  return leaf === null || leaf === undefined || typeof leaf === 'boolean' ? `${leaf}` : null;
}

/** Of the first leaf that lies on one. */
function deviceOf(leaves: readonly unknown[], name: string): Device | null {
  const tensor = leaves.find((leaf) => leaf instanceof Tensor);
  return tensor?.storage(name).device ?? null;
}

/** What plans depend on in arguments, and those of their leaves that are no part of it. */
interface Signature {
  readonly key: string;
  readonly leaves: readonly ArgumentLeaf[];
}

function describeArguments(args: readonly unknown[], name: string): Signature {
  const leaves: ArgumentLeaf[] = [];
  const key = textOfTree(args, (leaf) => {
    if (isArgument(leaf)) leaves.push(leaf);
    return describeLeaf(leaf, name) ?? refuse(args, name);
  });
  return { key, leaves };
}

/** Names the first leaf that cannot be an argument. */
function refuse(args: readonly unknown[], name: string): never {
  mapTree(args, (leaf, path) => {
    if (describeLeaf(leaf, name) !== null) return;
    throw new OpError(
      name,
      `argument ${path} is neither a tensor, a HostArray, a number, a flag nor a string; wrap data as new HostArray(data, shape)`,
    );
  });
  throw new Error(`${name}: an argument was refused that is none of a kind to be refused`);
}

/** A traced function: its graph, what comes out, and what goes in. */
interface Trace {
  readonly graph: Graph;
  readonly outputs: readonly Value[];
  readonly template: unknown;
  readonly infos: readonly ArgumentInfo[];
}

/** Runs the function once on tensors without data. `traits` tell how a {@link TensorShape} would be sharded. */
function trace(
  body: (...args: never[]) => unknown,
  args: readonly unknown[],
  { donate }: CompileOptions,
  name: string,
  traits?: DeviceTraits,
): Trace {
  const graph = new Graph();
  const infos: ArgumentInfo[] = [];
  const addArgument = (leaf: unknown, donated: boolean): unknown => {
    const isShape = leaf instanceof TensorShape;
    if (!isShape && !isArgument(leaf)) return leaf;
    const abstract = abstractOf(leaf);
    const storage = leaf instanceof Tensor ? leaf.storage(name) : null;
    const sharded = isShape && traits ? shardRows(leaf.shape, leaf.dtype, traits.maxBindingBytes) : null;
    infos.push({
      ...abstract,
      shardRows: storage?.shards.map(({ rows }) => rows) ?? sharded ?? [abstract.shape[0] ?? 1],
      donated: donated && (storage !== null || isShape),
      hosted: storage === null && !isShape,
    });
    return Tensor.traced(graph, graph.addArgument(abstract));
  };
  const traced = args.map((argument, position) =>
    mapTree(argument, (leaf) => addArgument(leaf, donate?.includes(position) ?? false)),
  );
  const outputs: Value[] = [];
  try {
    const result = body(...(traced as never[]));
    if (result instanceof Promise) {
      result.catch(() => undefined);
      throw new OpError(name, 'the function must not be asynchronous: it is traced once, and its tensors have no data');
    }
    const template = mapTree(result, (leaf, path) => {
      if (!(leaf instanceof Tensor)) return leaf;
      const { trace: own } = leaf;
      if (!own)
        throw new OpError(
          name,
          `the result ${path || '(whole)'} is a tensor from outside the function; return only tensors that it computes`,
        );
      return new OutputSlot(outputs.push(own.value) - 1);
    });
    return { graph, outputs, template, infos };
  } finally {
    graph.closed = true;
  }
}

async function build<Args extends readonly unknown[], Result>(
  body: (...args: Args) => Result,
  args: Feeds<Args>,
  options: CompileOptions,
  name: string,
): Promise<Entry> {
  const { graph, outputs, template, infos } = trace(body, args, options, name);
  const device = options.device ?? deviceOf(leavesOf(args), name) ?? deviceOfCaptured(graph);
  if (!device) throw new OpError(name, 'no argument is a tensor, so the device is unknown; pass it as an option');
  const planOptions = { arguments: infos, fusion: options.fusion ?? true, name };
  return { plan: await Plan.build(device, graph, outputs, planOptions, options.onCompile), template };
}

function abstractOf(leaf: ArgumentLeaf | TensorShape): { shape: Shape; dtype: DType } {
  if (leaf instanceof Tensor || leaf instanceof TensorShape) return { shape: leaf.shape, dtype: leaf.dtype };
  return leaf instanceof HostArray ? { shape: leaf.shape, dtype: dtypeOf(leaf.data) } : { shape: [], dtype: 'f32' };
}

function deviceOfCaptured(graph: Graph): Device | null {
  for (const { inputs } of graph.nodes) {
    for (const { origin } of inputs) if (origin.kind === 'captured') return origin.storage.device;
  }
  return null;
}
