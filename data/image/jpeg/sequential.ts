/** Blocks of a baseline or extended sequential scan (ITU-T T.81, F.2.2). */
import { type Component, samplesOf, writeBlock } from './frame.ts';
import type { BlockDecoder, ScanHeader } from './scan.ts';
import { ZIGZAG } from './tables.ts';

/** A sequential scan holds its blocks whole, so each is transformed at once and no coefficients are kept. */
export function createSequentialDecoder(scan: ScanHeader): BlockDecoder {
  const seen: Component[] = scan.components.map(({ component }) => component);
  if (seen.some((component) => component.samples)) {
    throw new Error('JPEG: a component has two scans in a sequential file; the file is damaged');
  }
  for (const component of seen) component.samples = samplesOf(component);

  const coefficients = new Int32Array(64);
  return {
    decode(bits, scanned, block) {
      const { component, dc, ac } = scanned;
      if (!dc || !ac) throw new Error('JPEG: a scan refers to a Huffman table that is not there; the file is damaged');
      coefficients.fill(0);
      const quantization = component.quantization!;
      const size = bits.symbol(dc);
      if (size > 0) scanned.predicted += bits.signed(size);
      coefficients[0] = Math.imul(scanned.predicted, quantization[0]);
      let flat = true;
      for (let k = 1; k < 64; k++) {
        const symbol = bits.symbol(ac);
        const magnitudeBits = symbol & 15;
        const run = symbol >> 4;
        if (magnitudeBits === 0) {
          if (run !== 15) break;
          k += 15;
          continue;
        }
        k += run;
        if (k > 63)
          throw new Error(`JPEG: a block before byte ${bits.markerAt} has too many coefficients; the file is damaged`);
        const position = ZIGZAG[k];
        coefficients[position] = Math.imul(bits.signed(magnitudeBits), quantization[position]);
        flat = false;
      }
      writeBlock(component, block, coefficients, flat);
    },
    restart() {},
  };
}
