/** Sinusoidal positions (tensor2tensor's form, as fairseq has it) and the position ids of padded rows. */

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
