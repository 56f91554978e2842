/** Blocks of a progressive scan (ITU-T T.81, annex G). */
import type { BitReader } from './bits.ts';
import { type Component, samplesOf, writeBlock } from './frame.ts';
import type { BlockDecoder, ScanComponent, ScanHeader } from './scan.ts';
import { type HuffmanTable, ZIGZAG } from './tables.ts';

/** Checks the scan against what is known already, and picks one of the four kinds of scan. */
export function createProgressiveDecoder(scan: ScanHeader, warnings: string[]): BlockDecoder {
  const { spectralStart, spectralEnd, highBit, lowBit, components } = scan;
  const dcOnly = spectralStart === 0;
  const bandFits = dcOnly
    ? spectralEnd === 0
    : spectralEnd >= spectralStart && spectralEnd < 64 && components.length === 1;
  if (!bandFits || lowBit > 13 || (highBit > 0 && highBit !== lowBit + 1)) {
    throw new Error(
      `JPEG: a progressive scan has impossible parameters (coefficients ${spectralStart} to ${spectralEnd}, bits ${highBit} to ${lowBit})`,
    );
  }
  for (const { component } of components) {
    component.coefficients ??= new Int16Array(component.storedColumns * component.storedRows * 64);
    noteProgress(component, scan, warnings);
  }
  if (dcOnly) return highBit === 0 ? dcFirst(lowBit) : dcRefinement(lowBit);
  return highBit === 0 ? acFirst(scan) : acRefinement(scan);
}

function noteProgress(component: Component, scan: ScanHeader, warnings: string[]): void {
  const { lowestBit } = component;
  const band = lowestBit.subarray(scan.spectralStart, scan.spectralEnd + 1);
  const inOrder = band.every((known) => Math.max(known, 0) === scan.highBit);
  if (!inOrder || (scan.spectralStart > 0 && lowestBit[0] < 0)) {
    warnings.push('JPEG: the progressive scans are out of order; the picture may be wrong');
  }
  band.fill(scan.lowBit);
}

/** Transforms the coefficients of all scans into samples, and frees them. */
export function finishProgressive(component: Component, warnings: string[]): void {
  if (!component.coefficients || component.lowestBit[0] < 0) return;
  if (component.lowestBit.some((bit) => bit !== 0)) {
    warnings.push('JPEG: the last scans of the progressive picture are missing; fine detail is lost');
  }
  const quantization = component.quantization!;
  const stored = component.coefficients;
  component.samples = samplesOf(component);
  const coefficients = new Int32Array(64);
  for (let block = 0; block < component.storedColumns * component.storedRows; block++) {
    for (let i = 0; i < 64; i++) coefficients[i] = Math.imul(stored[block * 64 + i], quantization[i]);
    writeBlock(component, block, coefficients, false);
  }
  component.coefficients = null;
}

function dcFirst(lowBit: number): BlockDecoder {
  return {
    decode(bits, scanned, block) {
      const size = bits.symbol(present(scanned.dc));
      if (size > 0) scanned.predicted += bits.signed(size);
      scanned.component.coefficients![block * 64] = scanned.predicted << lowBit;
    },
    restart() {},
  };
}

function dcRefinement(lowBit: number): BlockDecoder {
  return {
    decode(bits, scanned, block) {
      if (bits.bits(1)) scanned.component.coefficients![block * 64] |= 1 << lowBit;
    },
    restart() {},
  };
}

function acFirst({ spectralStart, spectralEnd, lowBit }: ScanHeader): BlockDecoder {
  let blocksToSkip = 0;
  return {
    decode(bits, scanned, block) {
      if (blocksToSkip > 0) {
        blocksToSkip--;
        return;
      }
      const table = present(scanned.ac);
      const coefficients = scanned.component.coefficients!;
      for (let k = spectralStart; k <= spectralEnd; k++) {
        const symbol = bits.symbol(table);
        const run = symbol >> 4;
        const magnitudeBits = symbol & 15;
        if (magnitudeBits === 0 && run < 15) {
          blocksToSkip = endOfBandRun(bits, run) - 1;
          return;
        }
        k += run;
        if (magnitudeBits === 0) continue;
        if (k > spectralEnd) throw tooMany(bits);
        coefficients[block * 64 + ZIGZAG[k]] = bits.signed(magnitudeBits) << lowBit;
      }
    },
    restart() {
      blocksToSkip = 0;
    },
  };
}

function acRefinement({ spectralStart, spectralEnd, lowBit }: ScanHeader): BlockDecoder {
  const plus = 1 << lowBit;
  let blocksToSkip = 0;

  /** One more bit for a coefficient that is not zero. */
  function refine(bits: BitReader, coefficients: Int16Array, at: number): void {
    const value = coefficients[at];
    if (bits.bits(1) && (value & plus) === 0) coefficients[at] = value + (value >= 0 ? plus : -plus);
  }

  /** Refines from `k` on until `zeros` zero coefficients are passed; returns the position of the next zero. */
  function advance(bits: BitReader, coefficients: Int16Array, block: number, from: number, zeros: number): number {
    let k = from;
    let left = zeros;
    for (; k <= spectralEnd; k++) {
      const at = block * 64 + ZIGZAG[k];
      if (coefficients[at] !== 0) refine(bits, coefficients, at);
      else if (left-- === 0) break;
    }
    return k;
  }

  function newValue(bits: BitReader, magnitudeBits: number): number {
    if (magnitudeBits !== 1)
      throw new Error(`JPEG: a refinement before byte ${bits.markerAt} is malformed; the file is damaged`);
    return bits.bits(1) ? plus : -plus;
  }

  return {
    decode(bits, scanned: ScanComponent, block) {
      const table = present(scanned.ac);
      const coefficients = scanned.component.coefficients!;
      let k = spectralStart;
      while (blocksToSkip === 0 && k <= spectralEnd) {
        const symbol = bits.symbol(table);
        const run = symbol >> 4;
        const magnitudeBits = symbol & 15;
        if (magnitudeBits === 0 && run < 15) {
          blocksToSkip = endOfBandRun(bits, run);
          break;
        }
        const value = magnitudeBits === 0 ? 0 : newValue(bits, magnitudeBits);
        k = advance(bits, coefficients, block, k, run);
        if (value !== 0) {
          if (k > spectralEnd) throw tooMany(bits);
          coefficients[block * 64 + ZIGZAG[k]] = value;
        }
        k++;
      }
      if (blocksToSkip > 0) {
        advance(bits, coefficients, block, k, 64);
        blocksToSkip--;
      }
    },
    restart() {
      blocksToSkip = 0;
    },
  };
}

/** Blocks without further coefficients, this one included. */
function endOfBandRun(bits: BitReader, size: number): number {
  return (1 << size) + (size > 0 ? bits.bits(size) : 0);
}

function present(table: HuffmanTable | undefined): HuffmanTable {
  if (!table) throw new Error('JPEG: a scan refers to a Huffman table that is not there; the file is damaged');
  return table;
}

function tooMany(bits: BitReader): Error {
  return new Error(`JPEG: a block before byte ${bits.markerAt} has too many coefficients; the file is damaged`);
}
