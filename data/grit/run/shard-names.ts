/** What the files of a run are called: those of one shard of several say which. */
import type { ShardChoice } from '../pairs/units.ts';

/** `-003-of-128`, or nothing where there is one shard. */
export function shardSuffix({ index, count }: ShardChoice): string {
  if (count === 1) return '';
  const digits = Math.max(3, String(count - 1).length);
  return `-${String(index).padStart(digits, '0')}-of-${String(count).padStart(digits, '0')}`;
}

/** Without the ending. */
export function partName(shard: ShardChoice, part: number): string {
  return `grit${shardSuffix(shard)}-${String(part).padStart(5, '0')}`;
}

export function progressName(shard: ShardChoice): string {
  return `progress${shardSuffix(shard)}.json`;
}

export function samplesName(shard: ShardChoice): string {
  return `samples${shardSuffix(shard)}.json`;
}

export function summaryName(shard: ShardChoice): string {
  return `summary${shardSuffix(shard)}.json`;
}

/** Whose progress a file holds; null for the name of anything else. */
export function shardOfProgress(name: string): ShardChoice | null {
  const [whole, , index, count] = /^progress(-(\d+)-of-(\d+))?\.json$/.exec(name) ?? [];
  return whole === undefined ? null : { index: Number(index ?? 0), count: Number(count ?? 1) };
}
