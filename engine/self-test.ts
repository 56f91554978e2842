/**
 * Runs the cases of every op on an adapter and holds the results against its values in float64. An entry of its own (`kosmos-webgpu/self-test`), so that
 * a program without it need not carry the references.
 */
import { apply } from './apply.ts';
import { type Device, type DeviceOptions, requestDevice } from './device.ts';
import { OpError } from './errors.ts';
import { uniforms } from './random.ts';
import { caseData, hostData, worstDeviation } from './reference/case-data.ts';
import { opReferences } from './reference/index.ts';
import type { OpCase, OpReference } from './reference/op-reference.ts';
import { formatShape, sizeOf } from './shape.ts';
import type { Tensor } from './tensor.ts';

export type { CaseInput, OpCase, OpReference, ReferenceArray } from './reference/op-reference.ts';

/** Largest deviation that passes, relative to the largest value of an output (or 1). */
const tolerance = 2e-6;
/** Bindings of sharded cases are no smaller than this, since other operands have to fit too. */
const leastBindingBytes = 256;

export interface SelfTestOptions extends Pick<DeviceOptions, 'adapter' | 'kernels'> {
  /** The ops to try: names of the engine's, or references of your own. Default: all of the engine's. */
  readonly ops?: readonly (string | OpReference)[];
  /** Told of every op as soon as it is done. */
  readonly onOp?: (report: OpReport) => void;
}

export interface OpReport {
  readonly op: string;
  readonly cases: number;
  /** The worst of all cases, relative to the largest value of the output (or 1). */
  readonly deviation: number;
  /** What was wrong with each case that failed, with its shapes; none where the op works. */
  readonly failures: readonly string[];
}

export interface SelfTestReport {
  /** The adapter's name. */
  readonly adapter: string;
  readonly kernels: 'gpu' | 'software';
  readonly passed: boolean;
  readonly tolerance: number;
  readonly ops: readonly OpReport[];
}

/**
 * Tries every op on this machine's adapter, the cases with row shards too. An op that fails, or throws, is reported, and the others are
 * still tried.
 *
 * @throws OpError for an op that does not exist; an Error that says what to install where there is no adapter
 */
export async function selfTest({ ops, onOp, ...options }: SelfTestOptions = {}): Promise<SelfTestReport> {
  const chosen = chosenReferences(ops);
  const devices = new Map<number | undefined, Promise<Device>>();
  const deviceFor = (maxBindingBytes?: number): Promise<Device> => {
    const device = devices.get(maxBindingBytes) ?? requestDevice({ ...options, maxBindingBytes });
    devices.set(maxBindingBytes, device);
    return device;
  };
  try {
    const { description, traits } = await deviceFor();
    const reports: OpReport[] = [];
    for (const reference of chosen) {
      const report = await tryOp(reference, deviceFor);
      reports.push(report);
      onOp?.(report);
    }
    const passed = reports.every(({ failures }) => failures.length === 0);
    return { adapter: description, kernels: traits.software ? 'software' : 'gpu', passed, tolerance, ops: reports };
  } finally {
    for (const device of await Promise.allSettled(devices.values()))
      if (device.status === 'fulfilled') device.value.close();
  }
}

/** One line: the op, its cases, the worst deviation, and below it what failed. */
export function formatOpReport({ op, cases, deviation, failures }: OpReport): string {
  const verdict = failures.length > 0 ? 'FAIL' : 'ok  ';
  const line = `${verdict} ${op.padEnd(22)} ${String(cases).padStart(3)} cases, worst deviation ${deviation.toExponential(1)}`;
  return [line, ...failures.map((failure) => `       ${failure}`)].join('\n');
}

function chosenReferences(ops: SelfTestOptions['ops'] = opReferences.map(({ op }) => op.name)): readonly OpReference[] {
  return ops.map((wanted) => {
    if (typeof wanted !== 'string') return wanted;
    const found = opReferences.find(({ op }) => op.name === wanted);
    if (found) return found;
    const names = opReferences.map(({ op }) => op.name).join(', ');
    throw new OpError('selfTest', `there is no op ${wanted}; there are ${names}`);
  });
}

async function tryOp(
  reference: OpReference,
  deviceFor: (maxBindingBytes?: number) => Promise<Device>,
): Promise<OpReport> {
  const { op, cases } = reference;
  let deviation = 0;
  const failures: string[] = [];
  for (const [number, opCase] of cases.entries()) {
    const shapes = opCase.inputs.map(({ shape }) => formatShape(shape)).join(', ');
    try {
      const device = await deviceFor(bindingBytesOf(opCase));
      const worst = await caseDeviation(device, reference, opCase, number);
      if (!(worst <= deviation)) deviation = worst;
      if (!(worst <= tolerance)) failures.push(`case ${number}, ${shapes}: deviates by ${worst.toExponential(1)}`);
    } catch (error) {
      failures.push(`case ${number}, ${shapes}: ${(error as Error).message}`);
    }
  }
  return { op: op.name, cases: cases.length, deviation, failures };
}

/** Bindings so small that the operand of a sharded case lies in shards; undefined for the other cases. */
export function bindingBytesOf({ inputs }: OpCase): number | undefined {
  const shardBytes = inputs.find((input) => input.shardBytes)?.shardBytes;
  return shardBytes && Math.max(shardBytes, leastBindingBytes);
}

/**
 * The worst deviation of an op's outputs on random data, relative to the largest value of the output (or 1); NaN where a result is none.
 *
 * @throws Error where the op cannot run, or gives another shape or dtype than its record says
 */
export async function caseDeviation(
  device: Device,
  reference: OpReference,
  opCase: OpCase,
  seed: number,
): Promise<number> {
  const { op } = reference;
  const { inputs, attributes = {} } = opCase;
  const data = inputs.map((input, stream) => {
    const numbers = uniforms(seed, stream, 0, sizeOf(input.shape)).values();
    return caseData(input, () => numbers.next().value!);
  });
  const abstracts = op.infer(
    inputs.map(({ shape, dtype = 'f32' }) => ({ shape, dtype })),
    attributes,
  );
  const expected = reference.values(data, attributes, abstracts);
  const operands = inputs.map(({ dtype, shape }, i) => device.tensor(hostData(dtype, data[i]), shape));
  let results: Tensor[] = [];
  try {
    results = apply(op, operands, attributes);
    let worst = 0;
    for (const [i, result] of results.entries()) {
      const { shape, dtype } = abstracts[i];
      if (formatShape(result.shape) !== formatShape(shape) || result.dtype !== dtype)
        throw new OpError(op.name, `output ${i} is ${result}, not ${dtype} ${formatShape(shape)}`);
      const { relative } = worstDeviation(await result.read(), expected[i]);
      if (!(relative <= worst)) worst = relative;
    }
    return worst;
  } finally {
    for (const tensor of [...operands, ...results]) tensor.dispose();
  }
}
