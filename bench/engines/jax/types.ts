/** What is used of jax-js: it is installed only by the bench, so its own types are not at hand. */

export interface JaxArray {
  /** The same array for one more use. */
  readonly ref: JaxArray;
  readonly shape: number[];
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  reshape(shape: number[]): JaxArray;
  data(): Promise<Float32Array | Int32Array>;
  dispose(): void;
}

type Tree = unknown;
type ArrayFunction = (...args: never[]) => unknown;

export interface Jax {
  init(...devices: string[]): Promise<string[]>;
  defaultDevice(device: string): string;
  blockUntilReady(tree: Tree): Promise<Tree>;
  jit(body: ArrayFunction): ((...args: Tree[]) => unknown) & { dispose(): void };
  valueAndGrad(
    body: ArrayFunction,
    options?: { argnums?: number[]; hasAux?: boolean },
  ): (...args: Tree[]) => [unknown, unknown];
  vjp(
    body: ArrayFunction,
    primals: JaxArray[],
  ): [JaxArray, ((cotangent: JaxArray) => JaxArray[]) & { dispose(): void }];
  readonly tree: {
    ref<T>(tree: T): T;
    dispose(tree: Tree): void;
  };
  readonly numpy: {
    readonly int32: string;
    array(values: Float32Array | Int32Array, options?: { shape?: number[]; dtype?: string }): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    transpose(x: JaxArray, axes?: number[]): JaxArray;
    sum(x: JaxArray, axis?: number): JaxArray;
    sqrt(x: JaxArray): JaxArray;
    take(x: JaxArray, indices: JaxArray, axis: number): JaxArray;
  };
  readonly nn: {
    gelu(x: JaxArray, options: { approximate: boolean }): JaxArray;
    standardize(x: JaxArray, axis: number, options: { epsilon: number }): JaxArray;
    logSoftmax(x: JaxArray, axis: number): JaxArray;
    oneHot(ids: JaxArray, classes: number): JaxArray;
    dotProductAttention(q: JaxArray, k: JaxArray, v: JaxArray, options: { isCausal: boolean }): JaxArray;
  };
}
