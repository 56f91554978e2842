/** Grounder (a): a file of boxes that some detector found elsewhere. */
import { type FileSource, runtime } from '../../engine/runtime/index.ts';
import { hashText } from '../hash.ts';
import { checkedBox, isScore } from './boxes.ts';
import type { GroundedPicture, Grounder, GroundingRequest } from './grounder.ts';
import { integerOrNull, parseRow } from './json-row.ts';
import { readLines } from './lines.ts';
import type { ProblemSink } from './problems.ts';
import { pictureFacts } from './record-check.ts';
import type { Detection } from './records.ts';
import { RowIndex } from './row-index.ts';

/** Boxes of one caption that are looked at; a detector's default is a few hundred. */
const MOST_BOXES = 5000;

/**
 * Opens a JSONL file of detections, one caption a line:
 *
 * ```json
 * {"id": "s001", "width": 640, "height": 480, "unit": "pixel", "detections": [
 *   {"chunk": 0, "box": [x1, y1, x2, y2], "score": 0.93},
 *   {"span": [9, 16], "box": [x1, y1, x2, y2], "score": 0.71},
 *   {"phrase": "flowers", "box": [x1, y1, x2, y2], "score": 0.7}]}
 * ```
 *
 * `id` is the caption's. A detection names its noun chunk by the index, by the span or by the text. Boxes are in fractions of the
 * picture unless `unit` is "pixel". What a row holds of `key`, `url`, `width`, `height` and the CLIP similarities goes into the
 * record. Rows of one id add up. Memory holds where the rows are (some 25 bytes each), not the rows.
 *
 * @param problems is told of what cannot be used
 * @throws Error where the file cannot be read or has no row in the format
 */
export async function openDetections(path: string, problems: ProblemSink): Promise<Grounder> {
  const file = await (await runtime()).openFile(path);
  try {
    return new DetectionsFile(path, file, await indexRows(path, file, problems));
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function indexRows(path: string, file: FileSource, problems: ProblemSink): Promise<RowIndex> {
  const index = new RowIndex();
  for await (const { text, number, offset, length, isTooLong } of readLines(file)) {
    if (text.trim() === '' && !isTooLong) continue;
    const row = parseRow(text);
    if (row === null || !isId(row.id) || !Array.isArray(row.detections)) {
      problems.add('detections-malformed', `${path} line ${number}`);
      continue;
    }
    index.add(hashText(String(row.id)), offset, length);
  }
  if (index.size > 0) return index;
  throw new Error(
    `${path} holds no detections: a line {"id": …, "detections": [{"chunk": …, "box": …, "score": …}]} is expected`,
  );
}

class DetectionsFile implements Grounder {
  readonly identity: unknown;
  readonly #file: FileSource;
  readonly #index: RowIndex;

  constructor(path: string, file: FileSource, index: RowIndex) {
    this.identity = { detections: [path, file.size] };
    this.#file = file;
    this.#index = index;
  }

  async ground(requests: readonly GroundingRequest[], problems: ProblemSink): Promise<(GroundedPicture | null)[]> {
    const answers: (GroundedPicture | null)[] = [];
    for (const request of requests) answers.push(await this.#answer(request, problems));
    return answers;
  }

  async leftOver(problems: ProblemSink): Promise<void> {
    for (let row = 0; row < this.#index.size; row++) {
      if (!this.#index.isMarked(row)) problems.add('detections-unknown-image', String((await this.#read(row)).id));
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #answer(request: GroundingRequest, problems: ProblemSink): Promise<GroundedPicture | null> {
    const detections: Detection[] = [];
    let facts: Record<string, unknown> | null = null;
    for (const index of this.#index.rows(hashText(request.id))) {
      const row = await this.#read(index);
      if (String(row.id) !== request.id) continue;
      this.#index.mark(index);
      facts = Object.assign({}, row, facts);
      for (const detection of readDetections(row, request, problems)) detections.push(detection);
    }
    if (facts !== null) return { detections, picture: pictureFacts(facts) };
    problems.add('image-missing', request.id);
    return null;
  }

  async #read(row: number): Promise<Record<string, unknown>> {
    const { offset, length } = this.#index.place(row);
    return parseRow(new TextDecoder().decode(await this.#file.read(offset, length)))!;
  }
}

function* readDetections(
  row: Record<string, unknown>,
  request: GroundingRequest,
  problems: ProblemSink,
): Generator<Detection> {
  const entries = row.detections as unknown[];
  if (entries.length > MOST_BOXES) {
    problems.add('detections-malformed', `${request.id}: ${entries.length} boxes, more than ${MOST_BOXES}`);
    return;
  }
  const size = sizeOf(row);
  for (const [index, entry] of entries.entries()) {
    const where = `${request.id} detection ${index}`;
    const {
      box: corners,
      score,
      ...name
    } = (typeof entry === 'object' && entry ? entry : {}) as Record<string, unknown>;
    const { box, problem } = size === null ? { box: null, problem: 'box-invalid' as const } : checkedBox(corners, size);
    const chunk = chunkOf(name, request);
    if (typeof chunk === 'string') problems.add(chunk, where);
    else if (!isScore(score)) problems.add('score-invalid', where);
    else {
      if (problem) problems.add(problem, where);
      if (box) yield { chunk, box, score };
    }
  }
}

/** What boxes are divided by; null for pixels of a picture of unknown size. */
function sizeOf({ unit, width, height }: Record<string, unknown>): { width: number; height: number } | null {
  if (unit === undefined || unit === 'fraction') return { width: 1, height: 1 };
  if (unit !== 'pixel' || !isSize(width) || !isSize(height)) return null;
  return { width, height };
}

/** The index of the noun chunk that a detection names, or why it has none. */
function chunkOf(
  { chunk, span, phrase }: Record<string, unknown>,
  { phrases, chunkCount }: GroundingRequest,
): number | 'detection-unknown-chunk' | 'detection-removed-chunk' {
  const found = phrases.find((one) => {
    if (chunk !== undefined) return one.chunk === chunk;
    if (Array.isArray(span)) return one.start === span[0] && one.end === span[1];
    return typeof phrase === 'string' && one.text.toLowerCase() === phrase.trim().toLowerCase();
  });
  if (found) return found.chunk;
  const isRemoved = Number.isInteger(chunk) && (chunk as number) >= 0 && (chunk as number) < chunkCount;
  return isRemoved ? 'detection-removed-chunk' : 'detection-unknown-chunk';
}

function isId(value: unknown): boolean {
  return typeof value === 'string' || integerOrNull(value) !== null;
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
