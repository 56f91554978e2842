/** `grit --records`: records that are there already, to look at, count or write again. */
import {
  type GritRecord,
  type GritSummary,
  gritJsonLine,
  Problems,
  printable,
  readGritFiles,
  ShardWriter,
  SummaryCounter,
  showRecord,
  showSummary,
} from '../../data/grit/index.ts';
import type { Terminal } from '../command.ts';
import type { GritArguments } from '../grit-arguments.ts';
import { gritOutput } from './output.ts';

/** @throws Error when no record is left */
export async function showRecords(files: readonly string[], given: GritArguments, terminal: Terminal): Promise<void> {
  const { out, shardSize } = given;
  const problems = new Problems();
  const counter = new SummaryCounter();
  const shards = out === null ? null : new ShardWriter(out, shardSize);
  const output = gritOutput('records', given, terminal);
  const color = terminal.stdout.isTTY === true;
  for await (const record of readGritFiles(files, problems)) {
    if (!hasBoxes(record, counter)) continue;
    counter.addRecord(record);
    await shards?.add(record);
    await output.item(
      () => showRecord(record, { color }),
      () => gritJsonLine(record),
    );
  }
  const summary = counter.summary(problems);
  const written = summary.images === 0 || !shards ? null : await shards.finish(summary);
  const text = showSummary(summary, { hasCaptions: false, hasBoxes: true });
  await output.end(text, summary, written && { folder: out!, files: written });
  if (summary.images === 0) throw new Error(`${files.join(', ')}: no record that can be used${firstReason(summary)}`);
}

function hasBoxes(record: GritRecord, counter: SummaryCounter): boolean {
  if (record.ref_exps.length > 0) return true;
  counter.addWithoutBoxes();
  return false;
}

/** The first thing that was wrong with the input, behind a sentence that says that nothing is left of it. */
export function firstReason({ problems: [problem] }: GritSummary): string {
  return problem ? ` (${problem.kind}: ${printable(problem.first[0]!)})` : '';
}
