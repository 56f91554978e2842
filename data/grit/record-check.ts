/** Rows of GRIT files that others wrote, checked before anybody leans on them. */

import { checkedBox, isScore } from './boxes.ts';
import { captionFault } from './captions.ts';
import { integerOrNull } from './json-row.ts';
import type { ProblemKind, Problems } from './problems.ts';
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
  for (const [index, value] of chunks.entries()) {
    const chunk = checkedRow(value, length);
    const expression = checkedRow(expressions[index], length);
    const problem = chunk.problem ?? expression.problem;
    if (problem) problems.add(problem, `${where} box ${index}`);
    if (!chunk.row || !expression.row) continue;
    record.noun_chunks.push(chunk.row);
    record.ref_exps.push(expression.row);
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

function checkedRow(value: unknown, captionLength: number): { row: GritRow | null; problem: ProblemKind | null } {
  const [start, end, ...corners] = Array.isArray(value) && value.length === 7 ? value.map(numberOrNull) : [];
  const score = corners.pop();
  if (!isSpan(start, end, captionLength)) return { row: null, problem: 'record-malformed' };
  if (!isScore(score)) return { row: null, problem: 'score-invalid' };
  const { box, problem } = checkedBox(corners);
  return { row: box && [start!, end!, ...box, score], problem };
}

function isSpan(start: number | null | undefined, end: number | null | undefined, length: number): boolean {
  return Number.isInteger(start) && Number.isInteger(end) && start! >= 0 && start! < end! && end! <= length;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function numberOrNull(value: unknown): number | null {
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
