/** Lets a model respond to all rows of a task: in batches, written as they come, with what was wrong kept by id. */
import type { RgbImage } from '../../data/index.ts';
import type { Item, Problem } from '../data/data-set.ts';
import type { Row } from '../data/fields.ts';
import type { Asking } from './asking.ts';
import { Chooser } from './chooser.ts';
import { PictureError, Pictures } from './pictures.ts';
import type { Prepared, Respondent } from './respondent.ts';
import type { Subject } from './subject.ts';
import { Writer } from './writer.ts';

export interface RunProgress {
  /** Rows that are done, those of an earlier run and those with problems among them, and all rows. */
  readonly done: number;
  readonly count: number;
  /** Rows of this run among them, and the tokens that it wrote or scored. */
  readonly answered: number;
  readonly tokens: number;
}

export interface RunOptions {
  /** Folder of the pictures. */
  readonly pictures: string;
  /** Questions that go together. Default: as many as small buffers allow. */
  readonly batch?: number;
  /** Demonstrations in front of each prompt, where the task has some. Default 0. */
  readonly shots?: number;
  /** Lines of predictions by id, of the same run when it was stopped. */
  readonly earlier?: ReadonlyMap<string, Row>;
  /** Hears every line of predictions as soon as it is known. */
  readonly write?: (rows: readonly Row[]) => Promise<void>;
  /** Ends the run between two batches by throwing its reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RunProgress) => void;
}

export interface RunResult {
  /** Lines of predictions by id. */
  readonly rows: ReadonlyMap<string, Row>;
  readonly problems: readonly Problem[];
}

/** @param items what is asked about @param all all rows of the data, of which demonstrations are taken */
export async function respondToAll<T extends Item>(
  items: readonly T[],
  all: readonly T[],
  asking: Asking<T>,
  subject: Subject,
  options: RunOptions,
): Promise<RunResult> {
  const context = { items: all, shots: options.shots ?? 0, gridSize: subject.processor.gridSize };
  if (asking.kind === 'choosing') return run(items, new Chooser(subject, asking, options.signal), subject, options);
  return run(items, new Writer(subject, asking, context, options.signal), subject, options);
}

async function run<T extends Item, P extends Prepared<T>>(
  items: readonly T[],
  respondent: Respondent<T, P>,
  subject: Subject,
  { pictures: folder, batch: wanted, earlier = new Map(), write, signal, onProgress }: RunOptions,
): Promise<RunResult> {
  const rows = new Map<string, Row>();
  const problems: Problem[] = [];
  for (const { id } of items) if (earlier.has(id)) rows.set(id, earlier.get(id)!);
  const waiting = respondent.order(
    prepareAll(
      items.filter(({ id }) => !rows.has(id)),
      respondent,
      problems,
    ),
  );
  const pictures = new Pictures(folder, subject.model.config.vision.imageSize);
  const size = wanted ?? respondent.batchFor(waiting);
  let [answered, tokens] = [0, 0];
  const report = () => onProgress?.({ done: rows.size + problems.length, count: items.length, answered, tokens });
  try {
    report();
    for (let from = 0; from < waiting.length; from += size) {
      signal?.throwIfAborted();
      const batch = await withPictures(waiting.slice(from, from + size), pictures, problems);
      const responses = batch.length > 0 ? await respondent.respond(batch) : [];
      const lines = responses.map(({ row }, i) => ({ id: batch[i].prepared.item.id, ...row }));
      for (const line of lines) rows.set(line.id, line);
      await write?.(lines);
      answered += responses.length;
      tokens += responses.reduce((sum, response) => sum + response.tokens, 0);
      report();
    }
  } finally {
    respondent.dispose();
  }
  return { rows, problems };
}

function prepareAll<T extends Item, P extends Prepared<T>>(
  items: readonly T[],
  respondent: Respondent<T, P>,
  problems: Problem[],
): P[] {
  return items.flatMap((item) => {
    try {
      const prepared = respondent.prepare(item);
      if (prepared.length <= respondent.room) return [prepared];
      const message = `its ${prepared.length} tokens do not fit the model, which takes ${respondent.room} of them here`;
      problems.push({ id: item.id, kind: 'unusable row', message });
    } catch (error) {
      problems.push({ id: item.id, kind: 'unusable row', message: (error as Error).message });
    }
    return [];
  });
}

async function withPictures<P extends Prepared<Item>>(
  batch: readonly P[],
  pictures: Pictures,
  problems: Problem[],
): Promise<{ prepared: P; images: readonly RgbImage[] }[]> {
  const found: { prepared: P; images: readonly RgbImage[] }[] = [];
  for (const prepared of batch) {
    try {
      const images: RgbImage[] = [];
      for (const source of prepared.pictures) images.push(await pictures.load(source));
      found.push({ prepared, images });
    } catch (error) {
      if (!(error instanceof PictureError)) throw error;
      problems.push({ id: prepared.item.id, kind: error.kind, message: error.message });
    }
  }
  return found;
}
