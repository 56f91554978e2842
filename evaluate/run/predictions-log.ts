/** `predictions.jsonl` of a run: written as the answers come, and continued when the run was stopped. */
import { type FileSink, runtime } from '../../engine/runtime/index.ts';
import { readJson } from '../../engine/runtime/json.ts';
import type { Row } from '../data/fields.ts';

/** What the answers depend on, by names for people; plain JSON. */
export type RunSettings = Readonly<Record<string, string | number | boolean | null>>;

export class PredictionsLog {
  /** Lines of the run before it was stopped, by id. */
  readonly earlier: ReadonlyMap<string, Row>;
  readonly #sink: FileSink;

  private constructor(earlier: ReadonlyMap<string, Row>, sink: FileSink) {
    this.earlier = earlier;
    this.#sink = sink;
  }

  /**
   * Begins `predictions.jsonl` in a folder, or goes on with the one that is there. `run.json` beside it tells what run it is of.
   *
   * @throws Error when the folder holds predictions of another run, or cannot be written
   */
  static async open(folder: string, settings: RunSettings): Promise<PredictionsLog> {
    const here = await runtime();
    await here.makeFolder(folder);
    const path = `${folder}/predictions.jsonl`;
    const append = await here.exists(path);
    if (append) await checkSameRun(folder, settings);
    else await here.writeFileAtomic(`${folder}/run.json`, `${JSON.stringify(settings, null, 2)}\n`);
    const rows = append ? wholeLines(await here.readTextFile(path), path) : [];
    if (append) await here.writeFileAtomic(path, rows.map(lineOf).join(''));
    return new PredictionsLog(new Map(rows.map((row) => [row.id, row])), await here.openSink(path, { append }));
  }

  /** The lines are with the system when this resolves, and outlive the process. */
  async append(rows: readonly Row[]): Promise<void> {
    await this.#sink.write(new TextEncoder().encode(rows.map(lineOf).join('')));
  }

  async close(): Promise<void> {
    await this.#sink.close();
  }
}

function lineOf(row: Row): string {
  return `${JSON.stringify(row)}\n`;
}

async function checkSameRun(folder: string, settings: RunSettings): Promise<void> {
  const file = `${folder}/run.json`;
  const advice = 'give another --out, or remove the folder';
  if (!(await (await runtime()).exists(file)))
    throw new Error(`${folder} holds predictions.jsonl of an unknown run, without run.json: ${advice}`);
  const known = (await readJson(file)) as RunSettings | null;
  const names = [...new Set([...Object.keys(settings), ...Object.keys(known ?? {})])];
  const different = names.filter((name) => known?.[name] !== settings[name]);
  if (different.length === 0) return;
  const told = different.map((name) => `${name} ${show(known?.[name])}, not ${show(settings[name])}`).join('; ');
  throw new Error(`${folder} holds the predictions of another run (${told}): ${advice}`);
}

function show(value: unknown): string {
  return value === undefined ? 'unknown' : JSON.stringify(value);
}

/** The rows of a file; a last line that was cut off is left out. */
function wholeLines(text: string, path: string): (Row & { readonly id: string })[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, i) => {
      const row = parsed(line);
      if (typeof row?.id === 'string') return row as Row & { readonly id: string };
      throw new Error(`${path}:${i + 1}: not a line of predictions: ${line.slice(0, 80)}`);
    });
}

function parsed(line: string): Row | null {
  try {
    return JSON.parse(line) as Row | null;
  } catch {
    return null;
  }
}
