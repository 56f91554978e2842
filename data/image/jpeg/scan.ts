/** One scan of a JPEG file: which blocks it holds, in which order, and where restarts lie (ITU-T T.81, A.2, B.2.3, E.2.4). */
import { BitReader } from './bits.ts';
import type { Component, Frame } from './frame.ts';
import { createProgressiveDecoder } from './progressive.ts';
import { createSequentialDecoder } from './sequential.ts';
import type { HuffmanTable, HuffmanTables } from './tables.ts';

export interface ScanComponent {
  component: Component;
  dc: HuffmanTable | undefined;
  ac: HuffmanTable | undefined;
  /** Prediction of the next DC coefficient. */
  predicted: number;
}

export interface ScanHeader {
  components: ScanComponent[];
  /** First and last coefficient in zigzag order. */
  spectralStart: number;
  spectralEnd: number;
  /** Progressive: lowest bit known before, and after, this scan. */
  highBit: number;
  lowBit: number;
}

/** Decodes the blocks of a scan one after the other. */
export interface BlockDecoder {
  /** @param block index among the stored blocks of `scanned.component` */
  decode(bits: BitReader, scanned: ScanComponent, block: number): void;
  /** Forgets what a restart marker ends. */
  restart(): void;
}

/** Parses a start-of-scan segment. */
export function parseScan(segment: Uint8Array, frame: Frame, tables: HuffmanTables): ScanHeader {
  const count = segment[0];
  if (segment.length !== 4 + 2 * count || count < 1 || count > 4) {
    throw new Error('JPEG: a scan header (SOS) has a wrong length; the file is damaged');
  }
  const components = Array.from({ length: count }, (_, i): ScanComponent => {
    const id = segment[1 + 2 * i];
    const selectors = segment[2 + 2 * i];
    const component = frame.components.find((candidate) => candidate.id === id);
    if (!component) throw new Error(`JPEG: a scan refers to component ${id}, which the frame does not have`);
    return { component, dc: tables.dc[selectors >> 4], ac: tables.ac[selectors & 15], predicted: 0 };
  });
  if (new Set(components.map(({ component }) => component)).size !== count) {
    throw new Error('JPEG: a scan names a component twice; the file is damaged');
  }
  const blocks = components.reduce((sum, { component }) => sum + component.horizontal * component.vertical, 0);
  if (count > 1 && blocks > 10) throw new Error('JPEG: the sampling factors are too large for an interleaved scan');
  const [spectralStart, spectralEnd, approximation] = segment.subarray(1 + 2 * count);
  return { components, spectralStart, spectralEnd, highBit: approximation >> 4, lowBit: approximation & 15 };
}

/**
 * Decodes one scan.
 * @param start offset in `file` of the entropy-coded data
 * @param restartInterval MCUs between restart markers, 0 = none
 * @returns offset in `file` of the marker behind the scan
 */
export function decodeScan(
  file: Uint8Array,
  start: number,
  frame: Frame,
  scan: ScanHeader,
  restartInterval: number,
  warnings: string[],
): number {
  const bits = new BitReader(file, start);
  const decoder = frame.progressive ? createProgressiveDecoder(scan, warnings) : createSequentialDecoder(scan);
  const visitMcu = scan.components.length > 1 ? interleavedVisitor(frame, scan) : singleVisitor(scan.components[0]);
  for (let mcu = 0; mcu < visitMcu.count; mcu++) {
    if (restartInterval > 0 && mcu > 0 && mcu % restartInterval === 0) {
      bits.restart((mcu / restartInterval - 1) % 8);
      for (const scanned of scan.components) scanned.predicted = 0;
      decoder.restart();
    }
    visitMcu.visit(mcu, (scanned, block) => decoder.decode(bits, scanned, block));
    bits.assertNotPastEnd();
  }
  const unread = bits.unreadBytes();
  if (unread > 0) warnings.push(`JPEG: ${unread} superfluous bytes before byte ${bits.markerAt} were skipped`);
  return bits.markerAt;
}

interface McuVisitor {
  /** Minimum coded units of the scan. */
  count: number;
  visit(mcu: number, decode: (scanned: ScanComponent, block: number) => void): void;
}

/** Several components: an MCU holds `horizontal` × `vertical` blocks of each. */
function interleavedVisitor(frame: Frame, scan: ScanHeader): McuVisitor {
  return {
    count: frame.mcuColumns * frame.mcuRows,
    visit(mcu, decode) {
      const mcuRow = Math.floor(mcu / frame.mcuColumns);
      const mcuColumn = mcu % frame.mcuColumns;
      for (const scanned of scan.components) {
        const { horizontal, vertical, storedColumns } = scanned.component;
        for (let v = 0; v < vertical; v++) {
          const first = (mcuRow * vertical + v) * storedColumns + mcuColumn * horizontal;
          for (let h = 0; h < horizontal; h++) decode(scanned, first + h);
        }
      }
    },
  };
}

/** One component: an MCU is a block, and only blocks that hold samples of the picture are there. */
function singleVisitor(scanned: ScanComponent): McuVisitor {
  const { blockColumns, blockRows, storedColumns } = scanned.component;
  return {
    count: blockColumns * blockRows,
    visit(mcu, decode) {
      decode(scanned, Math.floor(mcu / blockColumns) * storedColumns + (mcu % blockColumns));
    },
  };
}
