/** Sinusoidal positions (tensor2tensor's form, as fairseq has it) and the position ids of padded rows. */

import type { Device, Tensor } from '../engine/index.ts';
import type { TextConfig } from './config.ts';

const { fround } = Math;

/** Rows 0 … rows − 1 of the table [rows, width]: sines in the first half, cosines in the second; the pad row (1) is zero. All in float32. */
export function sinusoidTable(rows: number, width: number, padRow = 1): Float32Array {
  const half = width / 2;
  const step = fround(-Math.log(10000) / (half - 1));
  const frequencies = Float32Array.from({ length: half }, (_, k) => Math.exp(fround(k * step)));
  const table = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    if (row === padRow) continue;
    for (let k = 0; k < half; k++) {
      const angle = fround(row * frequencies[k]);
      table[row * width + k] = Math.sin(angle);
      table[row * width + half + k] = Math.cos(angle);
    }
  }
  return table;
}

/** Position of every token of one row: pads get the pad row, the first real token the one after it, and so on. */
export function positionIds(ids: readonly number[], padTokenId: number): number[] {
  let seen = 0;
  return ids.map((id) => (id === padTokenId ? padTokenId : ++seen + padTokenId));
}

/** The table on a device. It grows on demand, as the reference's does, so it is an argument of every plan and captured by none. */
export class PositionTable {
  readonly #config: TextConfig;
  readonly #device: Device;
  /** The last one is the longest; steps that still wait may hold the others, which are few. */
  readonly #tables: Tensor[];

  constructor(config: TextConfig, device: Device) {
    this.#config = config;
    this.#device = device;
    this.#tables = [this.#make(config.maxPositionEmbeddings + 2)];
  }

  /** [≥ rows, D] */
  withRows(rows: number): Tensor {
    const longest = this.#tables.at(-1)!;
    if (rows <= longest.shape[0]) return longest;
    const longer = this.#make(Math.ceil(rows / 1024) * 1024);
    this.#tables.push(longer);
    return longer;
  }

  dispose(): void {
    for (const table of this.#tables) table.dispose();
  }

  #make(rows: number): Tensor {
    const { embedDim, padTokenId } = this.#config;
    return this.#device.tensor(sinusoidTable(rows, embedDim, padTokenId), [rows, embedDim]);
  }
}
