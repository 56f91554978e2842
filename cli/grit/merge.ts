/** `grit --merge`: one summary and one sheet of what the shards of a run left. */
import { mergedShards, showSummary } from '../../data/grit/index.ts';
import { runtime } from '../../engine/runtime/index.ts';
import type { Terminal } from '../command.ts';
import type { GritArguments } from '../grit-arguments.ts';
import { gritOutput } from './output.ts';
import { writeSheets } from './sheet.ts';

/** @throws Error for a folder without a run, and behind the summary where a shard is not done */
export async function mergeShards(folder: string, given: GritArguments, terminal: Terminal): Promise<void> {
  const { summary, samples, count, missing } = await mergedShards(folder);
  await (await runtime()).writeFileAtomic(`${folder}/summary.json`, `${JSON.stringify(summary, null, 2)}\n`);
  const files = ['summary.json', ...(await writeSheets(folder, samples, summary))];
  const output = gritOutput('captions', given, terminal);
  await output.end(showSummary(summary, { hasCaptions: true, hasBoxes: true }), summary, { folder, files });
  if (missing.length === 0) return;
  const named = missing.length <= 10 ? missing.join(', ') : `${missing.slice(0, 10).join(', ')}, …`;
  throw new Error(`${missing.length} of ${count} shards are not done: ${named}`);
}
