/** The elements of a tensor as text for people, in nested brackets as NumPy prints them. */
import { type Shape, sizeOf } from './shape.ts';

export interface FormatOptions {
  /** Most digits behind the point. Default 4. */
  readonly precision?: number;
  /** Tensors of more elements than this are shortened. Default 1000. */
  readonly threshold?: number;
  /** Elements shown at each end of a shortened axis. Default 3. */
  readonly edge?: number;
  /** Columns after which a row goes on in the next line. Default 100. */
  readonly width?: number;
}

/** Nested as the axes are; null stands for what is left out. */
type Shown = number | null | readonly Shown[];

/** What is left out is written so. */
const omission = '…';
/** Beyond these magnitudes numbers are written with an exponent. */
const plainRange = { least: 1e-4, below: 1e8 };

/** `values` are row-major and as many as `shape` says. A scalar gives its number alone. */
export function formatValues(shape: Shape, values: ArrayLike<number>, options: FormatOptions = {}): string {
  const { precision = 4, threshold = 1000, edge = 3, width = 100 } = options;
  const shown = select(shape, values, sizeOf(shape) > threshold ? edge : Infinity);
  const numbers = numbersIn(shown);
  const write = writer(numbers, precision);
  const cellWidth = Math.max(...numbers.map((value) => write(value).length));
  return brackets(shown, (value) => write(value).padStart(shape.length === 0 ? 0 : cellWidth), shape.length, width);
}

function select(shape: Shape, values: ArrayLike<number>, edge: number, at = 0): Shown {
  if (shape.length === 0) return values[at];
  const [extent, ...inner] = shape;
  const stride = sizeOf(inner);
  const part = (from: number, to: number): Shown[] =>
    Array.from({ length: to - from }, (_, i) => select(inner, values, edge, at + (from + i) * stride));
  if (extent <= 2 * edge) return part(0, extent);
  return [...part(0, edge), null, ...part(extent - edge, extent)];
}

function numbersIn(shown: Shown): number[] {
  if (shown === null) return [];
  return typeof shown === 'number' ? [shown] : shown.flatMap(numbersIn);
}

/** One way of writing for all numbers, so that their points stand below each other. */
function writer(numbers: readonly number[], precision: number): (value: number) => string {
  const finite = numbers.filter(Number.isFinite);
  const plain = (write: (value: number) => string) => (value: number) =>
    Number.isFinite(value) ? write(value) : String(value);
  if (finite.every(Number.isInteger) && finite.every((value) => Math.abs(value) < plainRange.below))
    return plain(String);
  const sizes = finite.filter((value) => value !== 0).map(Math.abs);
  if (sizes.some((size) => size < plainRange.least || size >= plainRange.below))
    return plain((value) => value.toExponential(precision));
  const digits = Math.max(
    ...finite.map(
      (value) =>
        value
          .toFixed(precision)
          .replace(/\.?0+$/, '')
          .split('.')[1]?.length ?? 0,
    ),
  );
  return plain((value) => value.toFixed(digits));
}

function brackets(shown: Shown, cell: (value: number) => string, rank: number, width: number, depth = 1): string {
  if (shown === null) return omission;
  if (typeof shown === 'number') return cell(shown);
  const items = shown.map((item) => brackets(item, cell, rank, width, depth + 1));
  const indent = ' '.repeat(depth);
  const inner = depth === rank ? wrap(items, indent, width) : items.join(`,${'\n'.repeat(rank - depth)}${indent}`);
  return `[${inner}]`;
}

/** The cells of a row, in lines that fit. */
function wrap(cells: readonly string[], indent: string, width: number): string {
  const lines: string[] = [];
  for (const cell of cells) {
    const longer = lines.length > 0 ? `${lines.at(-1)}, ${cell}` : cell;
    if (lines.length === 0 || indent.length + longer.length + 1 <= width) lines[Math.max(0, lines.length - 1)] = longer;
    else lines.push(cell);
  }
  return lines.join(`,\n${indent}`);
}
