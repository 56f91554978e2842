/** Results as text: a line for each engine of a case, and the table of goals. */
import type { Result } from './compare.ts';
import { engineTitles } from './engines/index.ts';
import type { Goal } from './goals.ts';
import { markdownTable } from './markdown.ts';
import { formatFigure } from './measures.ts';
import type { Figures } from './works.ts';

export interface Row {
  readonly title: string;
  readonly goal: Goal;
}

/** What came out of one case, with two spaces before each line. */
export function caseLines(results: readonly Result[], flops: number | null): string[] {
  const width = Math.max(...results.map(({ engine }) => engineTitles[engine].length));
  return results.map(({ engine, times, deviation, reason }) => {
    const name = engineTitles[engine].padEnd(width);
    if (!times) return `  ${name}  —  ${reason}`;
    const [low, high] = times.quartiles.map(milliseconds);
    const rate = flops ? `, ${(flops / times.median / 1e6).toFixed(1)} GFLOP/s` : '';
    const checked = deviation === null ? 'not checked' : `off by ${deviation.toExponential(1)}`;
    return `  ${name}  ${milliseconds(times.median)} ms (${low} … ${high}, ${times.runs} runs)${rate}, ${checked}`;
  });
}

export function figureLines(figures: Figures): string[] {
  return Object.entries(figures).map(([name, value]) => `  ${name}: ${formatFigure(value)}`);
}

export function milliseconds(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** A table in Markdown. */
export function goalTable(rows: readonly Row[]): string {
  const met = (value: boolean | null) => (value === null ? '—' : value ? 'yes' : 'no');
  return markdownTable(
    ['work', 'goal', 'found', 'met'],
    rows.map(({ title, goal }) => [title, goal.text, goal.found, met(goal.met)]),
  );
}
