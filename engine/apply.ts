/** Applies an op to tensors: adds a node while a function is traced, runs a plan of this one op otherwise. */
import type { Device } from './device.ts';
import { OpError, TensorStateError } from './errors.ts';
import { type Attributes, Graph, type Value } from './graph.ts';
import type { ArgumentInfo } from './lower.ts';
import type { OpDefinition } from './op.ts';
import { Plan } from './plan.ts';
import { Tensor } from './tensor.ts';

export type Operand = Tensor | number;

/** Eager plans kept per device; the oldest goes first. */
const maxEagerPlans = 256;

/** The outputs of `op`; numbers stand for f32 scalars. */
export function apply(op: OpDefinition, operands: readonly Operand[], attributes: Attributes = {}): Tensor[] {
  const traced = operands.find((operand): operand is Tensor => operand instanceof Tensor && operand.trace !== null);
  if (traced) return applyTraced(traced.trace!.graph, op, operands, attributes);
  return applyEagerly(op, operands, attributes);
}

/** As `apply`, for ops with one output. */
export function applyOne(op: OpDefinition, operands: readonly Operand[], attributes: Attributes = {}): Tensor {
  return apply(op, operands, attributes)[0];
}

function applyTraced(graph: Graph, op: OpDefinition, operands: readonly Operand[], attributes: Attributes): Tensor[] {
  const inputs = operands.map((operand): Value => {
    if (typeof operand === 'number') return graph.constant(operand);
    const { trace } = operand;
    if (!trace) return graph.capture(operand, operand.storage(op.name));
    if (trace.graph !== graph)
      throw new TensorStateError(`${op.name}: operands belong to two different traced functions`);
    return trace.value;
  });
  return graph.add(op, inputs, attributes).outputs.map((value) => Tensor.traced(graph, value));
}

function applyEagerly(op: OpDefinition, operands: readonly Operand[], attributes: Attributes): Tensor[] {
  const tensors = operands.filter((operand): operand is Tensor => operand instanceof Tensor);
  const storages = tensors.map((tensor) => tensor.storage(op.name));
  const device = storages[0]?.device;
  if (!device) throw new OpError(op.name, 'at least one operand must be a tensor');
  if (storages.some((storage) => storage.device !== device))
    throw new OpError(op.name, 'the operands lie on different devices');
  // a number is data here too, so that a value that changes from call to call makes no new plan
  const signature = operands.map((operand) =>
    typeof operand === 'number' ? 'number' : `${operand.dtype}[${operand.shape}]`,
  );
  const shards = storages.map((storage) => storage.shards.map(({ rows }) => rows).join('+')).join();
  const key = `${op.name}(${signature.join()})${shards}${JSON.stringify(attributes)}`;
  const plan = eagerPlan(device, op, key, () => planOfOne(device, op, operands, attributes));
  const args = operands.map((operand) =>
    typeof operand === 'number' ? Float32Array.of(operand) : operand.storage(op.name),
  );
  return plan.run(args).map(({ storage, shape, dtype }) => device.wrap(storage, shape, dtype));
}

interface EagerPlan {
  readonly op: OpDefinition;
  readonly plan: Plan;
}

function eagerPlan(device: Device, op: OpDefinition, key: string, make: () => Plan): Plan {
  const plans = device.eagerPlans as Map<string, EagerPlan>;
  const drop = (of: string) => {
    plans.get(of)?.plan.dispose();
    plans.delete(of);
  };
  const known = plans.get(key);
  // ops of two libraries may bear one name
  if (known?.op === op) return known.plan;
  const plan = make();
  drop(key);
  if (plans.size >= maxEagerPlans) drop(plans.keys().next().value!);
  plans.set(key, { op, plan });
  return plan;
}

function planOfOne(device: Device, op: OpDefinition, operands: readonly Operand[], attributes: Attributes): Plan {
  const graph = new Graph();
  const infos = operands.map((operand): ArgumentInfo => {
    if (typeof operand === 'number') return { shape: [], dtype: 'f32', shardRows: [1], donated: false, hosted: true };
    const shardRows = operand.storage(op.name).shards.map(({ rows }) => rows);
    return { shape: operand.shape, dtype: operand.dtype, shardRows, donated: false, hosted: false };
  });
  const { outputs } = graph.add(
    op,
    infos.map((info) => graph.addArgument(info)),
    attributes,
  );
  return Plan.buildNow(device, graph, outputs, { name: op.name, fusion: true, arguments: infos });
}
