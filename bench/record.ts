/** What a run found, as the file that is kept. */

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import process from 'node:process';
import { repositoryRoot } from '../test/shared.ts';
import type { HostName } from './arguments.ts';
import type { Result } from './compare.ts';
import type { Goal } from './goals.ts';
import { peerVersions } from './peers.ts';
import type { Figures, Work } from './works.ts';

export interface CaseRecord {
  readonly name: string;
  readonly title: string;
  readonly work?: Work;
  readonly results?: readonly Result[];
  readonly figures?: Figures;
  /** Why there are no results. */
  readonly reason?: string;
  readonly goals: readonly Goal[];
}

export interface BenchRecord {
  readonly date: string;
  /** The adapter's name with its driver, as this code sees it. */
  readonly adapter: string;
  readonly host: string;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Of the adapter: the median of what was measured around the cases that have a goal for it; null where none has. */
  readonly fmaGflops: number | null;
  readonly options: { readonly full: boolean; readonly tiny: boolean; readonly gpu?: boolean };
  readonly cases: readonly CaseRecord[];
}

export function hostTitle(host: HostName): string {
  return host === 'node' ? `Node ${process.versions.node}` : host;
}

/** Processor, cores and memory are what a software adapter is. */
export function systemTitle(): string {
  return `${process.platform} ${process.arch}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}`;
}

export function versions(): Record<string, string> {
  const own = JSON.parse(readFileSync(`${repositoryRoot()}package.json`, 'utf8')) as { version: string };
  const dawn = JSON.parse(readFileSync(`${repositoryRoot()}node_modules/webgpu/package.json`, 'utf8')) as {
    version: string;
  };
  return { 'kosmos-webgpu': own.version, webgpu: dawn.version, ...peerVersions() };
}

/** `bench/results/ADAPTER-HOST-DATE.json`, with names as a file may be called; works that fill a GPU are files of their own. */
export function resultsPath({ adapter, date, host, options }: BenchRecord): string {
  const named = (text: string, longest: number) =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9.]+/g, '-')
      .slice(0, longest)
      .replace(/^-|-$/g, '');
  const parts = [named(adapter, 64), named(host.split(' ')[0], 16), ...(options.gpu ? ['gpu'] : []), date.slice(0, 10)];
  return `${repositoryRoot()}bench/results/${parts.join('-')}.json`;
}
