/** The frame header of a JPEG file and the geometry that follows from it (ITU-T T.81, annexes A and B.2.2). */
import { inverseDct, inverseDctFlat } from './idct.ts';

export interface Component {
  id: number;
  /** Sampling factors, 1 to 4. */
  horizontal: number;
  vertical: number;
  /** Which quantization table applies. */
  tableIndex: number;
  /** Quantization table in natural order, taken when the component's first scan starts. */
  quantization: Int32Array | null;
  /** Samples of this component that belong to the picture. */
  width: number;
  height: number;
  /** Blocks that hold them: what a scan of this component alone contains. */
  blockColumns: number;
  blockRows: number;
  /** Blocks of a row and rows of blocks, filled up to whole MCUs of an interleaved scan. */
  storedColumns: number;
  storedRows: number;
  /** Decoded samples, `storedColumns * 8` a row; null until they are needed. */
  samples: Uint8ClampedArray | null;
  /** Progressive only: 64 coefficients a block in natural order. */
  coefficients: Int16Array | null;
  /** Progressive only: the lowest bit known of each coefficient in zigzag order, -1 where nothing is known. */
  lowestBit: Int8Array;
}

export interface Frame {
  progressive: boolean;
  width: number;
  height: number;
  maxHorizontal: number;
  maxVertical: number;
  mcuColumns: number;
  mcuRows: number;
  components: Component[];
}

const REFUSED: Readonly<Record<number, string>> = {
  195: 'lossless',
  197: 'hierarchical',
  198: 'hierarchical',
  199: 'hierarchical lossless',
  201: 'arithmetic-coded',
  202: 'arithmetic-coded progressive',
  203: 'arithmetic-coded lossless',
  205: 'arithmetic-coded hierarchical',
  206: 'arithmetic-coded hierarchical',
  207: 'arithmetic-coded hierarchical',
};

/**
 * Parses a start-of-frame segment.
 * @param marker second byte of the marker: 0xc0, 0xc1 (sequential) or 0xc2 (progressive); others are refused
 * @param checkSize called with the declared size; throws to refuse
 */
export function parseFrame(
  marker: number,
  segment: Uint8Array,
  checkSize: (width: number, height: number) => void,
): Frame {
  if (marker in REFUSED) {
    throw new Error(`JPEG: ${REFUSED[marker]} JPEG is not supported; save the picture as baseline or progressive JPEG`);
  }
  const [precision, heightHigh, heightLow, widthHigh, widthLow, count] = segment;
  if (segment.length < 6 || segment.length !== 6 + 3 * count) {
    throw new Error('JPEG: the frame header (SOF) has a wrong length; the file is damaged');
  }
  if (precision !== 8) throw new Error(`JPEG: ${precision} bits a sample are not supported, only 8`);
  const width = widthHigh * 256 + widthLow;
  const height = heightHigh * 256 + heightLow;
  checkSize(width, height);
  if (![1, 3, 4].includes(count)) {
    throw new Error(`JPEG: ${count} colour components are not supported, only 1 (gray), 3 (colour) and 4 (CMYK)`);
  }

  const specifications = Array.from({ length: count }, (_, i) => segment.subarray(6 + 3 * i, 9 + 3 * i));
  const maxHorizontal = Math.max(...specifications.map(([, sampling]) => sampling >> 4));
  const maxVertical = Math.max(...specifications.map(([, sampling]) => sampling & 15));
  const mcuColumns = Math.ceil(width / (8 * maxHorizontal));
  const mcuRows = Math.ceil(height / (8 * maxVertical));
  const components = specifications.map(([id, sampling, tableIndex]): Component => {
    const horizontal = sampling >> 4;
    const vertical = sampling & 15;
    if (horizontal < 1 || horizontal > 4 || vertical < 1 || vertical > 4 || tableIndex > 3) {
      throw new Error(`JPEG: component ${id} has impossible sampling factors or tables; the file is damaged`);
    }
    const componentWidth = Math.ceil((width * horizontal) / maxHorizontal);
    const componentHeight = Math.ceil((height * vertical) / maxVertical);
    return {
      id,
      horizontal,
      vertical,
      tableIndex,
      quantization: null,
      width: componentWidth,
      height: componentHeight,
      blockColumns: Math.ceil(componentWidth / 8),
      blockRows: Math.ceil(componentHeight / 8),
      storedColumns: mcuColumns * horizontal,
      storedRows: mcuRows * vertical,
      samples: null,
      coefficients: null,
      lowestBit: new Int8Array(64).fill(-1),
    };
  });
  return {
    progressive: marker === 0xc2,
    width,
    height,
    maxHorizontal,
    maxVertical,
    mcuColumns,
    mcuRows,
    components,
  };
}

/** Room for all stored samples of a component. */
export function samplesOf(component: Component): Uint8ClampedArray {
  return new Uint8ClampedArray(component.storedColumns * component.storedRows * 64);
}

/**
 * Transforms one block and stores its samples.
 * @param block index among the stored blocks
 * @param coefficients 64 dequantized values in natural order; overwritten
 * @param flat all but the first are zero
 */
export function writeBlock(component: Component, block: number, coefficients: Int32Array, flat: boolean): void {
  const { storedColumns } = component;
  const samples = component.samples!;
  const stride = storedColumns * 8;
  let at = Math.floor(block / storedColumns) * stride * 8 + (block % storedColumns) * 8;
  if (flat) {
    const value = inverseDctFlat(coefficients[0]);
    for (let row = 0; row < 8; row++, at += stride) samples.fill(value, at, at + 8);
    return;
  }
  inverseDct(coefficients);
  for (let row = 0; row < 64; row += 8, at += stride) {
    for (let column = 0; column < 8; column++) samples[at + column] = coefficients[row + column];
  }
}
