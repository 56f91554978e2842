/**
 * The tab-separated files of KOSMOS-2's own preparation (`prepare_grit.py`): md5 of the picture, caption, the picture in base64,
 * width, height, and a dictionary of the boxes, which may be absent.
 */
import type { FileSource } from '../../../engine/runtime/index.ts';
import { Unusable } from '../problems.ts';
import { readRecords } from './lines.ts';
import type { DataRecord, Place, Row } from './record.ts';

export async function* readTsv(path: string, file: FileSource, from: Place): AsyncGenerator<DataRecord> {
  yield* readRecords(path, file, from, parseRow);
}

function parseRow(text: string): Row | Unusable {
  const columns = text.split('\t');
  if (columns.length !== 5 && columns.length !== 6)
    return new Unusable('record without the columns of a TSV of pictures', `${columns.length} columns`);
  const [, caption, base64, , , boxes] = columns;
  if (boxes === undefined) return { caption, base64 };
  const lists = parseBoxes(boxes);
  if (lists === null) return new Unusable('record with boxes that cannot be read', boxes.slice(0, 80));
  return { caption, base64, noun_chunks: lists.phrase ?? [], ref_exps: lists.expression_v1 ?? [] };
}

/** JSON, or a dictionary as Python prints it; it holds nothing but names and numbers, so its quotes can be replaced. */
function parseBoxes(text: string): Record<string, unknown> | null {
  try {
    const lists = JSON.parse(text.replaceAll("'", '"'));
    return typeof lists === 'object' && !Array.isArray(lists) ? lists : null;
  } catch {
    return null;
  }
}
