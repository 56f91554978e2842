/** Matrix products, with either operand transposed in place, batched, and with an elementwise tail fused in. */

import { type MatmulOptions, registerMatmulGrid, registerMatmulKernel } from '../../kernels/matmul.ts';
import { tiledMatmulGrid, tiledMatmulKernel } from '../../kernels/matmul-tiled.ts';
import { matvecGrid, matvecKernel, subgroupTeams, workgroupTeam } from '../../kernels/matvec.ts';
import type { Grid, KernelSource, SubgroupLanes } from '../../kernels/source.ts';
import { shapeClassOf } from '../../kernels/tiles.ts';
import { applyOne } from '../apply.ts';
import type { DeviceTraits } from '../device.ts';
import type { DType } from '../dtype.ts';
import { OpError } from '../errors.ts';
import type { Abstract, Attributes } from '../graph.ts';
import type { Call, LowerContext, NormInput } from '../lower.ts';
import type { Memory } from '../memory.ts';
import type { OpDefinition } from '../op.ts';
import { formatShape, sameShape, sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { expectFloat, f32Of } from './support.ts';
import { reshape } from './view.ts';

export interface MatmulAttributes {
  transposeA: boolean;
  transposeB: boolean;
}

/** The product as the kernels see it. A of several leading axes against a plain matrix B is one tall matrix. */
interface Dimensions {
  batch: number;
  M: number;
  N: number;
  K: number;
  /** B is shared by all batch entries. */
  sharedB: boolean;
  leading: readonly number[];
}

export function dimensionsOf([a, b]: readonly Abstract[], attributes: Attributes): Dimensions {
  const { transposeA, transposeB } = attributes as unknown as MatmulAttributes;
  const shapes = `${formatShape(a.shape)}${transposeA ? 'ᵀ' : ''} and ${formatShape(b.shape)}${transposeB ? 'ᵀ' : ''}`;
  const fail = (why: string): never => {
    throw new OpError('matmul', `cannot multiply ${shapes}: ${why}`);
  };
  if (a.shape.length < 2 || b.shape.length < 2) fail('both need at least two axes');
  const leading = a.shape.slice(0, -2);
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const [M, K] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [kB, N] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (K !== kB) fail(`the inner extents ${K} and ${kB} differ`);
  if (b.shape.length === 2) {
    if (transposeA && leading.length > 0) fail('a transposed A with batch axes needs a B with the same');
    return { batch: 1, M: sizeOf(leading) * M, N, K, sharedB: true, leading: [...leading, M] };
  }
  if (!sameShape(leading, b.shape.slice(0, -2))) fail('the batch axes differ');
  return { batch: sizeOf(leading), M, N, K, sharedB: false, leading: [...leading, M] };
}

interface Choice {
  source: KernelSource;
  grid: Grid;
}

/** Workgroups of the register kernel: 16 threads of 4 columns. */
export const registerLanes = 16;

/** Rows of a kernel for so few of them that it has variants by their number. */
export function roundUpRows(M: number): number {
  return [1, 2, 4].find((rows) => M <= rows) ?? 8;
}

/**
 * Rows of a thread where subgroups hand A round: the more, the fewer loads of B; what measured best on llvmpipe (8 lanes) and SwiftShader (4, where
 * between 8 and 32 rows it hardly matters).
 */
function subgroupRows(M: number, lanes: SubgroupLanes, { transposeA, transposeB }: MatmulOptions): number {
  if (M <= 8) return roundUpRows(M);
  if (M < 64 || lanes === 4) return 16;
  return transposeB && !transposeA ? 32 : 24;
}

/** Whether teams of threads share the columns of this product. */
function isMatvec(
  { software, subgroupLanes }: DeviceTraits,
  { transposeA, transposeB }: MatmulAttributes,
  M: number,
): boolean {
  const most = software ? (subgroupLanes === 8 ? 2 : 0) : 8;
  return M <= most && transposeB && !transposeA;
}

/** Columns of a product up to which each workgroup may compute a LayerNorm for itself. */
const mostNormalisedColumns = 16384;

/**
 * Whether the kernel for so many rows and columns computes the LayerNorm before it: on GPUs, where a dispatch costs more than that. Software adapters
 * would pay for the loads.
 */
export function takesNorm({ software }: DeviceTraits, { M, N, K }: { M: number; N: number; K: number }): boolean {
  return !software && M <= 8 && N <= mostNormalisedColumns && K % 4 === 0;
}

/** The kernel for this product on this kind of adapter. */
function chooseKernel(
  traits: DeviceTraits,
  options: MatmulOptions,
  { M, N, batch }: { M: number; N: number; batch: number },
  norm: NormInput | null,
): Choice {
  if (isMatvec(traits, options, M)) {
    const teams = traits.software ? subgroupTeams : workgroupTeam;
    const variant = { rows: roundUpRows(M), teams, norm };
    return { source: matvecKernel({ ...options, ...variant }), grid: matvecGrid(N, batch, teams) };
  }
  if (traits.software) {
    const subgroup = M > 2 ? traits.subgroupLanes : 0;
    const variant = {
      rows: subgroup ? subgroupRows(M, subgroup, options) : roundUpRows(M),
      lanes: registerLanes,
      subgroup,
    };
    return { source: registerMatmulKernel({ ...options, ...variant }), grid: registerMatmulGrid(M, N, batch, variant) };
  }
  const tile = traits.tiles[shapeClassOf(M, N)];
  return { source: tiledMatmulKernel(options, tile), grid: tiledMatmulGrid(M, N, batch, tile) };
}

/** One product as a kernel call: which memories, which sizes. */
export interface Product {
  readonly a: Memory;
  readonly aType: DType;
  readonly b: Memory;
  readonly bType: DType;
  readonly out: Memory;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly batch?: number;
  /** B is the same for all batch entries. */
  readonly sharedB?: boolean;
  /** Element of its buffer at which B begins. */
  readonly bOffset?: number;
  /** Width of the matrix that the result is a window of, and the element at which it begins there. */
  readonly outStride?: number;
  readonly outColumn?: number;
  readonly tail?: LowerContext['tail'];
  /** Computes A; only where {@link takesNorm} says so. */
  readonly norm?: LowerContext['norm'];
}

/** A, or where the kernel computes the LayerNorm that A is, what that takes. */
export function leftOperand(context: LowerContext): { a: Memory; aType: DType } {
  const { norm } = context;
  return norm ? { a: norm.x, aType: norm.xType } : { a: context.input(0), aType: context.inputs[0].dtype };
}

export function normOperands(norm: NormInput | null): Memory[] {
  return norm ? [norm.weight, norm.bias] : [];
}

export function normParameters(norm: NormInput | null): Record<string, number> {
  return norm ? { epsilon: norm.epsilon } : {};
}

/** The kernel call for a product on this kind of adapter. */
export function matmulCall(traits: DeviceTraits, product: Product): Call {
  const {
    transposeA,
    transposeB,
    M,
    N,
    K,
    batch = 1,
    sharedB = true,
    bOffset = 0,
    outStride = N,
    outColumn = 0,
    tail,
    norm = null,
  } = product;
  const options: MatmulOptions = {
    transposeA,
    transposeB,
    aType: product.aType,
    bType: product.bType,
    outType: 'f32',
    vectorA: !transposeA && K % 4 === 0,
    vectorB: (transposeB ? K : N) % 4 === 0 && bOffset % 4 === 0,
    vectorOut: N % 4 === 0 && outStride % 4 === 0 && outColumn % 4 === 0,
    epilogue: tail?.epilogue,
  };
  return {
    ...chooseKernel(traits, options, { M, N, batch }, norm),
    parameters: {
      ...tail?.constants,
      ...normParameters(norm),
      M,
      N,
      K,
      aBatch: batch === 1 ? 0 : M * K,
      bBatch: sharedB ? 0 : K * N,
      bOffset,
      outStride,
      outColumn,
    },
    operands: [product.a, product.b, ...(tail?.operands ?? []), product.out, ...normOperands(norm)],
    flops: 2 * batch * M * N * K,
  };
}

function lower(context: LowerContext): void {
  const { transposeA, transposeB } = context.attributes as unknown as MatmulAttributes;
  const { batch, M, N, K, sharedB } = dimensionsOf(context.inputs, context.attributes);
  const [, { dtype: bType }] = context.inputs;
  // the rows of a transposed B are columns of the product, so its shards give windows of columns
  const shards = transposeB && sharedB ? context.shards(1) : [{ memory: context.input(1), firstRow: 0, rows: N }];
  const { a, aType } = leftOperand(context);
  const { tail, norm } = context;
  const out = context.output(0);
  for (const { memory: b, firstRow, rows } of shards) {
    const sizes = { M, N: rows, K, batch, sharedB, outStride: N, outColumn: firstRow };
    context.dispatch(
      matmulCall(context.traits, { a, aType, b, bType, out, transposeA, transposeB, tail, norm, ...sizes }),
    );
  }
}

export const matmulOp: OpDefinition = {
  name: 'matmul',
  summary: 'A·B with either transposed; A [..., M, K], B [K, N] or with the same leading axes',
  infer: (inputs, attributes) => {
    expectFloat('matmul', 'A', inputs[0]);
    expectFloat('matmul', 'B', inputs[1]);
    const { leading, N } = dimensionsOf(inputs, attributes);
    return [f32Of([...leading, N])];
  },
  vjp: ({ inputs: [a, b], attributes, cotangents: [g] }) => {
    if (!g) return [null, null];
    const { transposeA, transposeB } = attributes as unknown as MatmulAttributes;
    const shared = b.rank === 2 && a.rank > 2;
    const flat = (x: Tensor) => (shared ? reshape(x, [-1, x.shape[x.rank - 1]]) : x);
    const dA = transposeA
      ? matmul(b, g, { transposeA: transposeB, transposeB: true })
      : matmul(g, b, { transposeB: !transposeB });
    const dB = transposeB
      ? matmul(flat(g), flat(a), { transposeA: true, transposeB: transposeA })
      : matmul(flat(a), flat(g), { transposeA: !transposeA });
    return [dA, dB];
  },
  lowering: {
    kind: 'kernel',
    lower,
    epilogue: true,
    takesNorm: (inputs, attributes, traits) => {
      const { batch, ...sizes } = dimensionsOf(inputs, attributes);
      return (
        batch === 1 && isMatvec(traits, attributes as unknown as MatmulAttributes, sizes.M) && takesNorm(traits, sizes)
      );
    },
  },
};

/**
 * A·B. A is [..., M, K] ([..., K, M] with `transposeA`); B is a matrix [K, N] ([N, K] with `transposeB`) shared by all leading axes, or has
 * the same leading axes. A row-sharded B can be used transposed. Result f32 [..., M, N].
 */
export function matmul(a: Tensor, b: Tensor, { transposeA = false, transposeB = false } = {}): Tensor {
  return applyOne(matmulOp, [a, b], { transposeA, transposeB });
}
