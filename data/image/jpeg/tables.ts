/** Quantization and Huffman tables of a JPEG file (ITU-T T.81, B.2.4 and annex C). */

/** Position in a row-major 8×8 block of the k-th coefficient in file order. */
export const ZIGZAG: Uint8Array = zigzagOrder();

function zigzagOrder(): Uint8Array {
  const order = new Uint8Array(64);
  let k = 0;
  for (let diagonal = 0; diagonal < 15; diagonal++) {
    for (let i = Math.max(0, diagonal - 7); i <= Math.min(diagonal, 7); i++) {
      const row = diagonal % 2 ? i : diagonal - i;
      order[k++] = row * 8 + (diagonal - row);
    }
  }
  return order;
}

/** Reads a DQT segment into `tables`, each of 64 factors in natural order. */
export function parseQuantization(segment: Uint8Array, tables: (Int32Array | undefined)[]): void {
  let position = 0;
  while (position < segment.length) {
    const wide = segment[position] >> 4;
    const index = segment[position] & 15;
    position++;
    if (wide > 1 || index > 3 || position + 64 * (wide + 1) > segment.length) {
      throw new Error('JPEG: a quantization table (DQT) is malformed; the file is damaged');
    }
    const table = new Int32Array(64);
    for (let k = 0; k < 64; k++) {
      const factor = wide ? segment[position + 2 * k] * 256 + segment[position + 2 * k + 1] : segment[position + k];
      table[ZIGZAG[k]] = factor;
    }
    tables[index] = table;
    position += 64 * (wide + 1);
  }
}

/** Indexed by the next 16 bits of the stream: `length << 8 | symbol` of the code they start with, 0 where there is none. */
export type HuffmanTable = Uint16Array;

export interface HuffmanTables {
  dc: (HuffmanTable | undefined)[];
  ac: (HuffmanTable | undefined)[];
}

/** Reads a DHT segment into `tables`. */
export function parseHuffman(segment: Uint8Array, tables: HuffmanTables): void {
  let position = 0;
  while (position < segment.length) {
    const kind = segment[position] >> 4;
    const index = segment[position] & 15;
    const counts = segment.subarray(position + 1, position + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const symbols = segment.subarray(position + 17, position + 17 + total);
    const symbolsFit = counts.length === 16 && symbols.length === total && total <= 256;
    if (kind > 1 || index > 3 || !symbolsFit || (kind === 0 && symbols.some((symbol) => symbol > 15))) {
      throw new Error('JPEG: a Huffman table (DHT) is malformed; the file is damaged');
    }
    (kind === 0 ? tables.dc : tables.ac)[index] = buildHuffman(counts, symbols);
    position += 17 + total;
  }
}

function buildHuffman(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const table = new Uint16Array(65536);
  let code = 0;
  let next = 0;
  for (let length = 1; length <= 16; length++) {
    const span = 1 << (16 - length);
    for (let i = 0; i < counts[length - 1]; i++) {
      if (code + span > 65536) throw new Error('JPEG: a Huffman table (DHT) has too many codes; the file is damaged');
      table.fill((length << 8) | symbols[next++], code, code + span);
      code += span;
    }
  }
  return table;
}
