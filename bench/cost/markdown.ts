/** Tables of the cost pages. */
import { markdownTable } from '../markdown.ts';

/** One measured size: for the curves. */
export interface Point {
  /** What grows. */
  readonly x: number;
  readonly milliseconds: number;
  /** That lived on the device. */
  readonly bytes: number;
  /** By formula. */
  readonly flops: number;
  readonly formulaBytes: number;
}

export interface CostTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What grows, and a point for each row. */
  readonly axis?: string;
  readonly points?: readonly Point[];
}

export function markdown({ title, columns, rows }: CostTable): string {
  return `### ${title}\n\n${markdownTable(columns, rows)}`;
}

/** Bytes in a unit that leaves few digits. */
export function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toPrecision(4)} GB` : `${(bytes / 1e6).toPrecision(4)} MB`;
}
