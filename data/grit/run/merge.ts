/** What the shards of a run left in their folder, taken together. */
import { runtime } from '../../../engine/runtime/index.ts';
import { readJson } from '../../../engine/runtime/json.ts';
import { Problems } from '../problems.ts';
import { SummaryCounter } from '../summary.ts';
import { addedTables } from './clock.ts';
import type { RunSummary } from './run.ts';
import type { Sample } from './samples.ts';
import { shardOfProgress } from './shard-names.ts';
import type { RunState } from './state.ts';

export interface MergedShards {
  readonly summary: RunSummary;
  readonly samples: readonly Sample[];
  readonly count: number;
  /** Indices of shards that are not done, or of which there is nothing. */
  readonly missing: readonly number[];
}

/** Samples of all shards together. */
const MOST_SAMPLES = 48;

/** @throws Error for a folder without a run, or with shards of several numbers of shards */
export async function mergedShards(folder: string): Promise<MergedShards> {
  const here = await runtime();
  const names = (await here.listFolder(folder)).map(({ name }) => name);
  const found = names.flatMap((name) => {
    const shard = shardOfProgress(name);
    return shard === null ? [] : [{ name, ...shard }];
  });
  const [first] = found;
  if (!first) throw new Error(`${folder} holds no run: there is no progress….json`);
  const other = found.find(({ count }) => count !== first.count);
  if (other) throw new Error(`${folder} holds shards of several runs: ${first.name} and ${other.name}`);
  const states: RunState[] = [];
  const samples: Sample[] = [];
  const most = Math.ceil(MOST_SAMPLES / found.length);
  for (const { name } of found) {
    states.push((await readJson(`${folder}/${name}`)) as RunState);
    const beside = name.replace('progress', 'samples');
    if (names.includes(beside)) samples.push(...((await readJson(`${folder}/${beside}`)) as Sample[]).slice(0, most));
  }
  const isDone = new Set(found.filter((_, i) => states[i]!.isDone).map(({ index }) => index));
  const missing = Array.from({ length: first.count }, (_, index) => index).filter((index) => !isDone.has(index));
  return { summary: summaryOf(states), samples: samples.slice(0, MOST_SAMPLES), count: first.count, missing };
}

function summaryOf(states: readonly RunState[]): RunSummary {
  const problems = new Problems();
  for (const state of states) problems.addAll(state.problems);
  return {
    pairs: states.reduce((sum, { pairs }) => sum + pairs, 0),
    ...new SummaryCounter(...states.map(({ counts }) => counts)).summary(problems),
    stages: addedTables(states.map(({ stages }) => stages)),
  };
}
