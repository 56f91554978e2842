/** Profiles as tables in Markdown. */
import type { KernelTime } from '../../engine/index.ts';
import { markdownTable } from '../markdown.ts';
import { milliseconds } from '../table.ts';
import type { WorkProfile } from './works.ts';

interface Sum {
  dispatches: number;
  milliseconds: number;
  flops: number;
}

/** Times of each plan, and of the whole work as the host sees it when nothing is timed. */
export function planTable({ kernels, wallMilliseconds }: WorkProfile): string {
  const rows = [...sumBy(kernels, ({ plan }) => plan)].map(([plan, sum]) => [plan, ...cells(sum)]);
  const all = total(kernels);
  return markdownTable(
    ['plan', 'dispatches', 'ms', 'GFLOP/s'],
    [...rows, ['together', ...cells(all)], ['the work without a profile', '', milliseconds(wallMilliseconds), '']],
  );
}

/** What took longest first: kernels, or ops with their shapes. */
export function kernelTable(kernels: readonly KernelTime[], { top, ops }: { top: number; ops: boolean }): string {
  const sums = [...sumBy(kernels, ({ kernel, op }) => (ops ? `${kernel} · ${op}` : kernel))];
  const sorted = sums.sort(([, a], [, b]) => b.milliseconds - a.milliseconds);
  const all = total(kernels).milliseconds;
  const rows = sorted
    .slice(0, top)
    .map(([name, sum]) => [name, `${((100 * sum.milliseconds) / all).toFixed(1)} %`, ...cells(sum)]);
  const rest = sorted.length - rows.length;
  const more = rest > 0 ? `\n\n${rest} more` : '';
  return `${markdownTable([ops ? 'kernel · op' : 'kernel', 'share', 'dispatches', 'ms', 'GFLOP/s'], rows)}${more}`;
}

function cells({ dispatches, milliseconds: time, flops }: Sum): string[] {
  return [`${dispatches}`, milliseconds(time), flops > 0 ? (flops / time / 1e6).toFixed(1) : ''];
}

function total(kernels: readonly KernelTime[]): Sum {
  return sumBy(kernels, () => '').get('') ?? { dispatches: 0, milliseconds: 0, flops: 0 };
}

function sumBy(kernels: readonly KernelTime[], key: (kernel: KernelTime) => string): Map<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const kernel of kernels) {
    const sum = sums.get(key(kernel)) ?? { dispatches: 0, milliseconds: 0, flops: 0 };
    sums.set(key(kernel), sum);
    sum.dispatches += kernel.dispatches;
    sum.milliseconds += kernel.milliseconds;
    sum.flops += kernel.flops;
  }
  return sums;
}
