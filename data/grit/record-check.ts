/** Rows of GRIT files that others wrote, checked before anybody leans on them. */

import { checkedBox, isScore } from './boxes.ts';
import { captionFault } from './captions.ts';
import { integerOrNull } from './json-row.ts';
import type { Problems } from './problems.ts';
import type { GritRecord, GritRow, PictureFacts } from './records.ts';
import { countCodePoints } from './spans.ts';

/** The columns without which a file is no GRIT file. */
export const NEEDED_COLUMNS = ['caption', 'noun_chunks', 'ref_exps'] as const;

/**
 * A record from a row of a JSONL or parquet file; whole numbers may be doubles (19.0) or bigints. Rows of `noun_chunks` and
 * `ref_exps` belong together: both go where either has a box that cannot be used.
 *
 * @param where names the row to people
 * @returns null where the record cannot be used, which `problems` is told of
 */
export function checkedRecord(row: Record<string, unknown>, where: string, problems: Problems): GritRecord | null {
  const { caption, noun_chunks: chunks, ref_exps: expressions } = row;
  if (typeof caption !== 'string' || !Array.isArray(chunks) || !Array.isArray(expressions)) {
    problems.add('record-malformed', where);
    return null;
  }
  const fault = captionFault(caption);
  if (fault !== null || chunks.length !== expressions.length) {
    problems.add(fault ?? 'record-malformed', where);
    return null;
  }
  const length = countCodePoints(caption);
  const record: GritRecord = { ...pictureFacts(row), caption, noun_chunks: [], ref_exps: [] };
  for (const [index, chunk] of chunks.entries()) {
    const name = `${where} box ${index}`;
    const chunkRow = checkedRow(chunk, length, name, problems);
    const expressionRow = chunkRow && checkedRow(expressions[index], length, name, problems);
    if (!chunkRow || !expressionRow) continue;
    record.noun_chunks.push(chunkRow);
    record.ref_exps.push(expressionRow);
  }
  return record;
}

/** What a row says of its picture. */
export function pictureFacts(row: Record<string, unknown>): PictureFacts {
  return {
    key: textOrNull(row.key),
    clip_similarity_vitb32: numberOrNull(row.clip_similarity_vitb32),
    clip_similarity_vitl14: numberOrNull(row.clip_similarity_vitl14),
    id: integerOrNull(row.id),
    url: textOrNull(row.url),
    width: numberOrNull(row.width),
    height: numberOrNull(row.height),
  };
}

function checkedRow(value: unknown, captionLength: number, where: string, problems: Problems): GritRow | null {
  const numbers = Array.isArray(value) && value.length === 7 ? value.map(numberOrNull) : [];
  const [start, end, ...rest] = numbers;
  const isSpan =
    Number.isInteger(start) && Number.isInteger(end) && start! >= 0 && start! < end! && end! <= captionLength;
  if (!isSpan) {
    problems.add('record-malformed', where);
    return null;
  }
  const score = rest.pop();
  if (!isScore(score)) {
    problems.add('score-invalid', where);
    return null;
  }
  const { box, problem } = checkedBox(rest);
  if (problem) problems.add(problem, where);
  return box && [start!, end!, ...box, score];
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function numberOrNull(value: unknown): number | null {
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
