/** Tensors: a shape, a dtype, and either buffers on a device or a place in a graph that is being traced. */
import type { Device } from './device.ts';
import type { DType, HostData } from './dtype.ts';
import { TensorStateError } from './errors.ts';
import { type FormatOptions, formatValues } from './format.ts';
import type { Graph, Value } from './graph.ts';
import { toFloat32 } from './safetensors/convert.ts';
import { formatShape, type Shape } from './shape.ts';
import type { Storage } from './storage.ts';

interface Traced {
  readonly graph: Graph;
  readonly value: Value;
}

/** The methods (`x.add(y)`, `x.matmul(w)`, …) are the ops of `ops/`, installed by `engine/index.ts`. */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** A name for people, in what is printed of the tensor and in errors about it. */
  label: string = '';
  readonly #storage: Storage | null;
  readonly #traced: Traced | null;

  private constructor(shape: Shape, dtype: DType, storage: Storage | null, traced: Traced | null) {
    this.shape = shape;
    this.dtype = dtype;
    this.#storage = storage;
    this.#traced = traced;
  }

  static concrete(storage: Storage, shape: Shape, dtype: DType): Tensor {
    return new Tensor(shape, dtype, storage, null);
  }

  static traced(graph: Graph, value: Value): Tensor {
    return new Tensor(value.shape, value.dtype, null, { graph, value });
  }

  get rank(): number {
    return this.shape.length;
  }

  get size(): number {
    return this.shape.reduce((product, extent) => product * extent, 1);
  }

  /** Set while a function is being traced; such a tensor has no data yet. */
  get trace(): Traced | null {
    if (this.#traced?.graph.closed) {
      throw new TensorStateError(
        'a tensor of a traced function was used after the function returned; return it from the function instead',
      );
    }
    return this.#traced;
  }

  /** The buffers; throws a {@link TensorStateError} that names `use` for a traced, disposed or donated tensor. */
  storage(use: string): Storage {
    if (!this.#storage)
      throw new TensorStateError(`${use}: the tensor has no data while a function is being traced: ${this.#what()}`);
    const { gone } = this.#storage;
    if (gone) throw new TensorStateError(`${use}: the tensor was ${gone}: ${this.#what()}`);
    return this.#storage;
  }

  get device(): Device | null {
    return this.#storage?.device ?? null;
  }

  /** The elements, row-major. f16 comes as bit patterns. */
  async read(): Promise<HostData> {
    const storage = this.storage('read');
    return storage.device.read(storage, this.shape, this.dtype);
  }

  /** The elements as nested-free plain numbers (f32, i32 and u32). */
  async toArray(): Promise<number[]> {
    if (this.dtype === 'f16') throw new TensorStateError('toArray: cast f16 to f32 first');
    return Array.from(await this.read());
  }

  /** The only element. */
  async item(): Promise<number> {
    if (this.size !== 1)
      throw new TensorStateError(`item: the tensor has shape ${formatShape(this.shape)}, not one element`);
    return (await this.toArray())[0];
  }

  /** Gives the buffers back. Tensors of a traced function have none, so nothing happens to them. */
  dispose(): void {
    this.#storage?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The elements as text, in nested brackets as NumPy prints them; large tensors are shortened. */
  async format(options?: FormatOptions): Promise<string> {
    const data = await this.read();
    const values = this.dtype === 'f16' ? toFloat32(new Uint8Array(data.buffer as ArrayBuffer), 'F16') : data;
    return formatValues(this.shape, values.subarray(0, this.size), options);
  }

  /** Writes shape, dtype and elements to the console. */
  async print(options?: FormatOptions): Promise<void> {
    console.log(`${this.#what()}\n${await this.format(options)}`);
  }

  /** Shape, dtype, label and whether there is data; for the elements see `print`. */
  toString(): string {
    const state = this.#storage ? (this.#storage.gone ?? 'live') : 'traced';
    return `Tensor ${this.#what()} (${state})`;
  }

  #what(): string {
    return `${this.dtype} ${formatShape(this.shape)}${this.label && ` «${this.label}»`}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  [Symbol.for('Deno.customInspect')](): string {
    return this.toString();
  }
}
