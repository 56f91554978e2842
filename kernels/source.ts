/**
 * The parts that every kernel file shares: the text of a kernel, its parameter block and its typed buffers.
 *
 * Binding 0 is a uniform block of 32-bit parameters (sizes are data, never WGSL text, so that few pipelines serve all
 * shapes); the storage buffers follow from binding 1 in the order in which they are listed.
 */

/** Lanes of every subgroup, where kernels can count on them; else 0. */
export type SubgroupLanes = 0 | 4 | 8;

export type ElementType = 'f32' | 'f16' | 'i32' | 'u32';

/** A storage buffer: `vector` declares it as vec4 elements (f16: two u32 words). */
export interface Buffer {
  readonly name: string;
  readonly type: ElementType;
  readonly vector?: boolean;
  readonly write?: boolean;
  /** `load_` and `store_` keep the element type (not f16) instead of converting from and to f32, which has 24 bits. */
  readonly raw?: boolean;
}

export interface Parameter {
  readonly name: string;
  readonly type: 'u32' | 'f32';
}

/** WGSL text with all that is needed to make a pipeline, lay out its bindings and fill its parameters. */
export interface KernelSource {
  readonly name: string;
  readonly wgsl: string;
  readonly parameters: readonly Parameter[];
  readonly buffers: readonly Buffer[];
  readonly parts: KernelParts;
}

export interface KernelParts {
  name: string;
  /** WGSL `enable` directives. */
  enables?: string[];
  parameters: Parameter[];
  buffers: Buffer[];
  /** Module-scope declarations: helper functions, workgroup variables. */
  declarations?: string[];
  workgroupSize: readonly number[];
  /** Body of the entry point; sees `workgroup`, `local`, `lane` (index in the workgroup), `grid` and, by request, `subgroupLane`. */
  body: string;
  usesSubgroupLane?: boolean;
  /** Calls are short, so that several become one dispatch where they can: see `siblings.ts`. */
  takesSiblings?: boolean;
}

/** What a kernel's body sees. */
export function entryArguments({ usesSubgroupLane }: KernelParts) {
  return [
    { name: 'workgroup', builtin: 'workgroup_id', type: 'vec3<u32>' },
    { name: 'local', builtin: 'local_invocation_id', type: 'vec3<u32>' },
    { name: 'lane', builtin: 'local_invocation_index', type: 'u32' },
    { name: 'grid', builtin: 'num_workgroups', type: 'vec3<u32>' },
    ...(usesSubgroupLane ? [{ name: 'subgroupLane', builtin: 'subgroup_invocation_id', type: 'u32' }] : []),
  ];
}

function storageElement(buffer: Buffer): string {
  if (buffer.type === 'f16') return buffer.vector ? 'vec2<u32>' : 'u32';
  return buffer.vector ? `vec4<${buffer.type}>` : buffer.type;
}

/** `load_<name>(i)` gives element i as f32 (or vec4<f32> of elements 4i … 4i+3 for a vector buffer). */
function loadFunction(buffer: Buffer): string {
  const { name, type, vector } = buffer;
  if (buffer.raw) return `fn load_${name}(i: u32) -> ${storageElement(buffer)} { return ${name}[i]; }`;
  const result = vector ? 'vec4<f32>' : 'f32';
  let value: string;
  if (type === 'f16') {
    value = vector
      ? `vec4<f32>(unpack2x16float(${name}[i].x), unpack2x16float(${name}[i].y))`
      : `unpack2x16float(${name}[i >> 1u])[i & 1u]`;
  } else {
    value = type === 'f32' ? `${name}[i]` : `${result}(${name}[i])`;
  }
  return `fn load_${name}(i: u32) -> ${result} { return ${value}; }`;
}

/** `store_<name>(i, value)`; a scalar f16 buffer has none, because two elements share a word. */
function storeFunction(buffer: Buffer): string {
  const { name, type, vector } = buffer;
  if (buffer.raw) return `fn store_${name}(i: u32, v: ${storageElement(buffer)}) { ${name}[i] = v; }`;
  const value = vector ? 'vec4<f32>' : 'f32';
  if (type === 'f16') {
    if (!vector) return '';
    return `fn store_${name}(i: u32, v: vec4<f32>) { ${name}[i] = vec2<u32>(pack2x16float(v.xy), pack2x16float(v.zw)); }`;
  }
  const element = vector ? `vec4<${type}>` : type;
  return `fn store_${name}(i: u32, v: ${value}) { ${name}[i] = ${type === 'f32' ? 'v' : `${element}(v)`}; }`;
}

/** Puts the parts together into one WGSL module with entry point `main`. */
export function kernelSource(parts: KernelParts): KernelSource {
  const { parameters, buffers } = parts;
  const lines = [...(parts.enables ?? []).map((feature) => `enable ${feature};`)];
  if (parameters.length > 0) {
    lines.push(`struct Parameters { ${parameters.map(({ name, type }) => `${name}: ${type}`).join(', ')} }`);
    lines.push('@group(0) @binding(0) var<uniform> p: Parameters;');
  }
  for (const [i, buffer] of buffers.entries()) {
    const access = buffer.write ? 'read_write' : 'read';
    lines.push(
      `@group(0) @binding(${i + 1}) var<storage, ${access}> ${buffer.name}: array<${storageElement(buffer)}>;`,
    );
  }
  for (const buffer of buffers) {
    lines.push(loadFunction(buffer));
    if (buffer.write) lines.push(storeFunction(buffer));
  }
  lines.push(...(parts.declarations ?? []));
  const [x, y = 1, z = 1] = parts.workgroupSize;
  const builtins = entryArguments(parts).map(({ name, builtin, type }) => `@builtin(${builtin}) ${name}: ${type}`);
  lines.push(`@compute @workgroup_size(${x}, ${y}, ${z})`, `fn main(${builtins.join(', ')}) {`, parts.body, '}');
  return { name: parts.name, wgsl: lines.filter((line) => line !== '').join('\n'), parameters, buffers, parts };
}

export function u32(...names: string[]): Parameter[] {
  return names.map((name) => ({ name, type: 'u32' }));
}

export function f32(...names: string[]): Parameter[] {
  return names.map((name) => ({ name, type: 'f32' }));
}

/** [0, 1, …, count − 1], for unrolling. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Joins one line of WGSL per index. */
export function unroll(count: number, line: (i: number) => string, separator = '\n'): string {
  return range(count).map(line).join(separator);
}

export type Grid = readonly [number, number, number];

/** The floor that every WebGPU device guarantees for a dimension of a dispatch. */
export const maxWorkgroupsPerDimension = 65535;

/** A grid of at least `count` workgroups in x and y; kernels recover the index by {@link linearWorkgroup}. */
export function linearGrid(count: number): Grid {
  if (count <= maxWorkgroupsPerDimension) return [count, 1, 1];
  const y = Math.ceil(count / maxWorkgroupsPerDimension);
  return [Math.ceil(count / y), y, 1];
}

/** WGSL for the index of the workgroup in a {@link linearGrid}. */
export const linearWorkgroup = '(workgroup.y * grid.x + workgroup.x)';

/** A finite stand-in for −∞ in maxima and masks: its exponential is 0 and it survives subtraction. */
export const lowest = '-3.0e38';
