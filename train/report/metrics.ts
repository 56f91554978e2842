/** `metrics.jsonl`: one JSON object a line for every step and every validation, written while the training runs. */
import { type FileSink, runtime } from '../../engine/runtime/index.ts';

export interface StepRow {
  readonly kind: 'step';
  /** Counted from 1. */
  readonly step: number;
  /** Mean over the tokens that count, before the update. */
  readonly loss: number;
  readonly learningRate: number;
  /** Global, before clipping. */
  readonly gradientNorm: number;
  readonly tokensPerSecond: number;
  /** That the step took. */
  readonly seconds: number;
  /** The update was left out, say because of gradients that are no numbers. */
  readonly skipped?: boolean;
  /** By the names of the sources. */
  readonly lossByKind?: Readonly<Record<string, number>>;
}

export interface ValidationRow {
  readonly kind: 'validation';
  /** Steps that were done before; 0 is the model as it begins. */
  readonly step: number;
  readonly validationLoss: number;
  readonly lossByKind?: Readonly<Record<string, number>>;
  /** Other measures, such as the recall of boxes. */
  readonly metrics?: Readonly<Record<string, number>>;
}

export type MetricsRow = StepRow | ValidationRow;

export class MetricsLog {
  readonly #sink: FileSink;

  private constructor(sink: FileSink) {
    this.#sink = sink;
  }

  /**
   * Begins the file anew, or with `resumeAfter` goes on with it after that step: later rows, which the resumed run will write again, are
   * taken out, and so is a last line that was cut off.
   * @throws Error when the file cannot be written, or holds a line, other than the last, that is no row
   */
  static async open(path: string, resumeAfter?: number): Promise<MetricsLog> {
    const { exists, openSink, readTextFile, writeFileAtomic } = await runtime();
    const append = resumeAfter !== undefined && (await exists(path));
    if (append) {
      const kept = parseLines(await readTextFile(path), path).filter(({ row }) => row.step <= resumeAfter);
      await writeFileAtomic(path, kept.map(({ line }) => `${line}\n`).join(''));
    }
    return new MetricsLog(await openSink(path, { append }));
  }

  /** The line is with the system when this resolves, and outlives the process. Numbers that are not finite are written as null. */
  async append(row: MetricsRow): Promise<void> {
    await this.#sink.write(new TextEncoder().encode(`${JSON.stringify(row)}\n`));
  }

  async close(): Promise<void> {
    await this.#sink.close();
  }
}

/**
 * The rows of a file, also while it is being written; null is read as NaN.
 * @throws Error when a line, other than a last one that was cut off, is no row
 */
export async function readMetrics(path: string): Promise<MetricsRow[]> {
  return parseLines(await (await runtime()).readTextFile(path), path).map(({ row }) => row);
}

function parseLines(text: string, path: string): { line: string; row: MetricsRow }[] {
  const lines = text.split('\n');
  // what follows the last line feed is nothing, or a line without its end
  const last = lines.pop()!;
  if (rowIn(last) !== null) lines.push(last);
  return lines.map((line, i) => {
    const row = rowIn(line);
    if (row === null) throw new Error(`${path}, line ${i + 1}: not a row of metrics: ${line.slice(0, 80)}`);
    return { line, row };
  });
}

function rowIn(line: string): MetricsRow | null {
  try {
    const row = JSON.parse(line, (_, value) => (value === null ? Number.NaN : value)) as MetricsRow;
    return Number.isInteger(row.step) && (row.kind === 'step' || row.kind === 'validation') ? row : null;
  } catch {
    return null;
  }
}
