/** The curves of a run, from its rows of metrics. */

import { smoothedValues } from '../../../report/moving-average.ts';
import type { MetricsRow, StepRow, ValidationRow } from '../metrics.ts';
import type { Chart, Point, Series } from './chart.ts';

/** Smoothing reaches over this share of the run, and at least so many steps. */
const SMOOTHED_SHARE = 1 / 100;
const SMOOTHED_LEAST = 3;

export function curvesOf(rows: readonly MetricsRow[]): Chart[] {
  const steps = rows.filter((row) => row.kind === 'step');
  const validations = rows.filter((row) => row.kind === 'validation');
  return [
    lossChart(steps, validations),
    lossByKindChart(steps, validations),
    ...measureCharts(validations),
    {
      title: 'Learning rate',
      series: [
        line(
          'learning rate',
          pointsOf(steps, (row) => row.learningRate),
          0,
        ),
      ],
    },
    {
      title: 'Gradient norm',
      series: rawAndSmoothed(
        pointsOf(steps, (row) => row.gradientNorm),
        0,
      ),
    },
    {
      title: 'Tokens a second',
      series: rawAndSmoothed(
        pointsOf(steps, (row) => row.tokensPerSecond),
        0,
      ),
    },
  ];
}

/** A smooth line through points that scatter. */
export function smoothed(points: readonly Point[]): Point[] {
  const span = Math.max(SMOOTHED_LEAST, points.length * SMOOTHED_SHARE);
  const values = smoothedValues(
    points.map(({ y }) => y),
    span,
  );
  return points.map(({ x }, i) => ({ x, y: values[i] }));
}

function lossChart(steps: readonly StepRow[], validations: readonly ValidationRow[]): Chart {
  const series = rawAndSmoothed(
    pointsOf(steps, (row) => row.loss),
    0,
  );
  const validation = pointsOf(validations, (row) => row.validationLoss);
  return { title: 'Loss', series: [...series, dotted('validation', validation, 1)], isWide: true };
}

/** One line for each source of data; none where there is only one. */
function lossByKindChart(steps: readonly StepRow[], validations: readonly ValidationRow[]): Chart {
  const names = namesIn([...steps, ...validations].map(({ lossByKind }) => lossByKind));
  const series = names.flatMap((name, color): Series[] => [
    line(name, smoothed(pointsOf(steps, ({ lossByKind }) => lossByKind?.[name])), color),
    dotted(
      `${name}, validation`,
      pointsOf(validations, ({ lossByKind }) => lossByKind?.[name]),
      color,
    ),
  ]);
  return { title: 'Loss by source', series: names.length > 1 ? series.filter(({ points }) => points.length > 0) : [] };
}

/** Measures that are shares share a chart, others have their own. */
function measureCharts(validations: readonly ValidationRow[]): Chart[] {
  const all = namesIn(validations.map(({ metrics }) => metrics)).map((name, color) =>
    dotted(
      name,
      pointsOf(validations, ({ metrics }) => metrics?.[name]),
      color,
    ),
  );
  const isShare = ({ points }: Series) => points.every(({ y }) => !(y < 0 || y > 1));
  const shares = all.filter(isShare);
  const others = all.filter((series) => !isShare(series));
  return [
    ...(shares.length > 0 ? [{ title: 'Measures on validation data', series: shares }] : []),
    ...others.map((series) => ({ title: series.label, series: [{ ...series, color: 0 }] })),
  ];
}

function namesIn(groups: readonly (Readonly<Record<string, number>> | undefined)[]): string[] {
  return [...new Set(groups.flatMap((group) => Object.keys(group ?? {})))];
}

function rawAndSmoothed(points: readonly Point[], color: number): Series[] {
  return [
    { label: 'each step', points, color, kind: 'faint' },
    { label: 'smoothed', points: smoothed(points), color, kind: 'line' },
  ];
}

function line(label: string, points: readonly Point[], color: number): Series {
  return { label, points, color, kind: 'line' };
}

function dotted(label: string, points: readonly Point[], color: number): Series {
  return { label, points, color, kind: 'dotted' };
}

function pointsOf<Row extends MetricsRow>(rows: readonly Row[], value: (row: Row) => number | undefined): Point[] {
  return rows.flatMap((row) => {
    const y = value(row);
    return y === undefined ? [] : [{ x: row.step, y }];
  });
}
