/** Times of all candidate tiles on shapes of each class. */
import type { Device, Tensor } from '../../engine/index.ts';
import type { Memory } from '../../engine/memory.ts';
import { matmulCall } from '../../engine/ops/matmul.ts';
import { candidateTiles, type ShapeClass, type Tile } from '../../kernels/tiles.ts';
import { matmulInputs } from '../data.ts';
import { timeDispatches } from '../engines/own/raw-kernel.ts';
import { checkOf } from '../references.ts';
import { median } from '../statistics.ts';
import { flopsOf, type MatmulWork } from '../works.ts';

export interface TileTimes {
  readonly tile: Tile;
  /** Of each shape of the class. */
  readonly gflops: readonly number[];
  /** Geometric mean over the shapes of the time, relative to the fastest tile of each. */
  readonly slowdown: number;
  /** The largest, by Freivalds' check. */
  readonly deviation: number;
}

export interface ClassTimes {
  readonly name: ShapeClass;
  readonly shapes: readonly string[];
  /** The fastest first. */
  readonly times: readonly TileTimes[];
}

/** Products of the full-size model, forward and backward. */
const shapes: Readonly<Record<ShapeClass, readonly MatmulWork[]>> = {
  flat: [product(16, 2048, 8192, 'NT'), product(16, 8192, 2048, 'NN')],
  small: [product(257, 1024, 4096, 'NT'), product(128, 8192, 2048, 'NN'), product(1024, 257, 1024, 'TN')],
  large: [product(2048, 2048, 8192, 'NT'), product(2048, 8192, 2048, 'NN'), product(2048, 2048, 2048, 'TN')],
};
const tinyShapes: typeof shapes = {
  flat: [product(9, 20, 36, 'NT')],
  small: [product(40, 20, 36, 'NN')],
  large: [product(70, 36, 68, 'TN')],
};

function product(M: number, K: number, N: number, form: 'NN' | 'NT' | 'TN'): MatmulWork {
  return { kind: 'matmul', M, N, K, transposeA: form === 'TN', transposeB: form === 'NT' };
}

/** Milliseconds that one measured submit should take. */
const turn = 30;
const tolerance = 1e-5;

/** @param say told of each shape before it is measured @throws Error where a tile gives something wrong */
export async function timeTiles(device: Device, tiny: boolean, say: (line: string) => void): Promise<ClassTimes[]> {
  const classes: ClassTimes[] = [];
  for (const [at, [name, works]] of Object.entries(tiny ? tinyShapes : shapes).entries()) {
    // to try the command, each tile once
    const tiles = candidateTiles.filter((_, i) => !tiny || i % 3 === at);
    const measured: Timing[][] = [];
    for (const work of works) {
      say(`${name}: ${titleOf(work)}, ${tiles.length} tiles`);
      measured.push(await timeWork(device, work, tiles, tiny));
    }
    const times = tiles.map((tile, i) => ofTile(tile, works, measured, i));
    times.sort((a, b) => a.slowdown - b.slowdown);
    classes.push({ name: name as ShapeClass, shapes: works.map(titleOf), times });
  }
  return classes;
}

function titleOf({ M, N, K, transposeA, transposeB }: MatmulWork): string {
  return `${M} × ${K} × ${N} ${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`;
}

interface Timing {
  readonly milliseconds: number;
  readonly deviation: number;
}

function ofTile(tile: Tile, works: readonly MatmulWork[], measured: readonly Timing[][], at: number): TileTimes {
  const best = measured.map((timings) => Math.min(...timings.map(({ milliseconds }) => milliseconds)));
  const logs = measured.map((timings, i) => Math.log(timings[at].milliseconds / best[i]));
  return {
    tile,
    gflops: works.map((work, i) => flopsOf(work)! / measured[i][at].milliseconds / 1e6),
    slowdown: Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length),
    deviation: Math.max(...measured.map((timings) => timings[at].deviation)),
  };
}

/** All tiles on one shape. */
async function timeWork(device: Device, work: MatmulWork, tiles: readonly Tile[], tiny: boolean): Promise<Timing[]> {
  const { a, b } = matmulInputs(work);
  const tensors = { a: device.tensor(a.data, a.shape), b: device.tensor(b.data, b.shape) };
  const check = checkOf(work, null)!;
  const timings: Timing[] = [];
  for (const tile of tiles) {
    const out = device.zeros([work.M, work.N]);
    const milliseconds = await timeTile(device, work, tile, { ...tensors, out }, tiny);
    const deviation = check([(await out.read()) as Float32Array]);
    out.dispose();
    if (!(deviation <= tolerance))
      throw new Error(`tile ${JSON.stringify(tile)} gives a wrong product ${titleOf(work)}: off by ${deviation}`);
    timings.push({ milliseconds, deviation });
  }
  for (const tensor of Object.values(tensors)) tensor.dispose();
  return timings;
}

/** Milliseconds of one product: the median of submits that each hold as many as fit a turn. */
async function timeTile(
  device: Device,
  { M, N, K, transposeA, transposeB }: MatmulWork,
  tile: Tile,
  { a, b, out }: Record<'a' | 'b' | 'out', Tensor>,
  tiny: boolean,
): Promise<number> {
  const traits = { ...device.traits, software: false, tiles: { flat: tile, small: tile, large: tile } };
  // where the operands lie is told to the dispatch below
  const memory: Memory = { bytes: 0, origin: { kind: 'slot' } };
  const operands = { a: memory, b: memory, out: memory, aType: 'f32', bType: 'f32' } as const;
  const { source, grid, parameters } = matmulCall(traits, { ...operands, transposeA, transposeB, M, N, K });
  const buffers = [a, b, out].map((tensor) => tensor.storage('autotune').shards[0].buffer.gpu);
  const dispatches = (count: number) => Array.from({ length: count }, () => ({ buffers, grid, parameters }));
  // the first submit compiles
  const [, once] = await timeDispatches(device, source, dispatches(1), 2);
  const count = tiny ? 1 : Math.max(1, Math.min(100, Math.floor(turn / once)));
  return median(await timeDispatches(device, source, dispatches(count), tiny ? 1 : 5)) / count;
}
