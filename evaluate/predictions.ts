/**
 * Files of predictions: one JSON document a line (or a `.json` list), each with an `id` of the data set and what the task
 * asks for. The official result files of VQA (`question_id`, `answer`) and of COCO captions (`image_id`, `caption`) are
 * read as they are.
 */
import type { Problem } from './data/data-set.ts';
import type { Row } from './data/fields.ts';
import { type RecordAt, readRecords } from './data/records.ts';

/** Keys that may name the item, the first that is there counts. */
const ID_KEYS = ['id', 'question_id', 'image_id'];

export interface Predictions {
  readonly byId: ReadonlyMap<string, RecordAt>;
  /** Ids that occur more than once; the first prediction counts. */
  readonly problems: readonly Problem[];
}

/** @throws Error naming the line that is no JSON object or has no id */
export async function readPredictions(path: string): Promise<Predictions> {
  const byId = new Map<string, RecordAt>();
  const problems: Problem[] = [];
  for await (const record of readRecords(path)) {
    const id = idOf(record);
    if (!byId.has(id)) byId.set(id, record);
    else
      problems.push({
        id,
        kind: 'duplicated id in the predictions',
        message: 'the first prediction of this id counts',
      });
  }
  return { byId, problems };
}

function idOf({ row, where }: RecordAt): string {
  const key = ID_KEYS.find((candidate) => row[candidate] !== undefined);
  const id = key === undefined ? undefined : row[key];
  if (typeof id === 'string' || typeof id === 'number') return String(id);
  throw new Error(`${where}: a prediction needs an "id" (a text or a number)`);
}

/** The text of a prediction under the first of some keys. @throws Error that says which keys are expected */
export function predictedText(row: Row, keys: readonly string[]): string {
  const value = keys.map((key) => row[key]).find((candidate) => typeof candidate === 'string');
  if (typeof value === 'string') return value;
  throw new Error(`a text is expected under ${keys.map((key) => `"${key}"`).join(' or ')}`);
}
