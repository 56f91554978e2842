/** What this code alone is measured on, and the goals for it. */
import type { Goal } from './goals.ts';
import type { Figures, Measure } from './works.ts';

export interface MeasureCase {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  readonly kind: Measure['kind'];
  goals(figures: Figures): Goal[];
}

/** A goal about one figure. */
function limit(figures: Figures, name: string, relation: '≤' | '≥' | '=', bound: number): Goal {
  const value = figures[name];
  const met = relation === '≤' ? value <= bound : relation === '≥' ? value >= bound : value === bound;
  return { text: `${name} ${relation} ${bound}`, found: formatFigure(value), met };
}

export function formatFigure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}

/** Behind the prompt, a token costs more only by what it reads of the cache: the share of a plain copy stays. */
function flatShare(figures: Figures): Goal {
  const shares = Object.entries(figures).filter(([name]) => name.endsWith('of weights and cache, %'));
  const values = shares.map(([, value]) => value);
  const ratio = Math.min(...values) / values[0];
  return {
    text: 'time per token flat in position, apart from the bytes of the cache (share at the worst position ≥ 0.8 × at the first)',
    found: `${ratio.toFixed(2)} ×`,
    met: ratio >= 0.8,
  };
}

function copyShare(figures: Figures): Goal {
  const [name] = Object.keys(figures).filter((key) => key.endsWith('of weights and cache, %'));
  return { ...limit(figures, name, '≥', 50), text: '≥ 50 % of a plain copy that reads the weights once' };
}

export const measureCases: readonly MeasureCase[] = [
  {
    name: 'decode',
    title: 'decode, batch 1',
    kind: 'decode',
    goals: (figures) => [copyShare(figures), flatShare(figures)],
  },
  {
    name: 'overhead',
    title: 'overhead',
    kind: 'overhead',
    goals: (figures) => [
      limit(figures, 'JavaScript µs per replayed dispatch', '≤', 5),
      limit(figures, 'submits per training step', '≤', 2),
      limit(figures, 'buffers made per later step', '=', 0),
      limit(figures, 'bind groups made per later step', '=', 0),
      limit(figures, 'pipelines made per later step', '=', 0),
      limit(figures, 'bind groups made per decoded token', '=', 0),
      limit(figures, 'JavaScript ms per decoded token, 24 layers', '≤', 1),
    ],
  },
  {
    name: 'dispatch',
    title: 'what a dispatch costs in bare WebGPU',
    kind: 'dispatch',
    goals: () => [],
  },
  {
    name: 'first-step',
    title: 'first step of KOSMOS-2 training',
    kind: 'first-step',
    goals: (figures) =>
      Object.keys(figures)
        .filter((name) => name.startsWith('distinct pipelines'))
        .map((name) => limit(figures, name, '≤', 80)),
  },
];
