/** The tables of `cost.md` as curves: for each, time and memory over what grows, both axes logarithmic, measured (lines) and by formula (dashes). */
import type { CostTable, Point } from './markdown.ts';

const panel = { width: 300, height: 210, left: 46, right: 14, top: 34, bottom: 40 };
const series = [
  { name: 'time, ms', color: '#1f6fb2', measured: ({ milliseconds }: Point) => milliseconds, formula: timeByFormula },
  { name: 'memory, MB', color: '#b2501f', measured: ({ bytes }: Point) => bytes / 1e6, formula: bytesByFormula },
] as const;

/** A picture with a panel for each table that has points. */
export function costCurves(tables: readonly CostTable[]): string {
  const drawn = tables.filter(({ points }) => points && points.length > 1);
  const columns = 2;
  const width = panel.width * columns;
  const height = panel.height * Math.ceil(drawn.length / columns) + 24;
  const panels = drawn.map(({ title, axis, points }, i) => {
    const [x, y] = [panel.width * (i % columns), panel.height * Math.floor(i / columns)];
    return `<g transform="translate(${x} ${y})">\n${panelOf(title, axis ?? '', points!)}\n</g>`;
  });
  const legend = series.map(
    ({ name, color }, i) => `<text x="${16 + i * 110}" y="${height - 8}" fill="${color}">${name}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...panels,
    ...legend,
    `<text x="${16 + series.length * 110}" y="${height - 8}" fill="#555">solid: measured; dashed: by formula</text>`,
    '</svg>\n',
  ].join('\n');
}

/** Work by formula as time at the speed of the largest point, where overhead weighs least. */
function timeByFormula({ flops }: Point, points: readonly Point[]): number {
  const last = points[points.length - 1];
  return (flops * last.milliseconds) / last.flops;
}

function bytesByFormula({ formulaBytes }: Point): number {
  return formulaBytes / 1e6;
}

function panelOf(title: string, axis: string, points: readonly Point[]): string {
  const values = points.flatMap((point) =>
    series.flatMap(({ measured, formula }) => [measured(point), formula(point, points)]),
  );
  const x = scaleOf(
    points.map((point) => point.x),
    panel.left,
    panel.width - panel.right,
  );
  const y = scaleOf(values, panel.height - panel.bottom, panel.top);
  const lines = series.map(({ color, measured, formula }) => {
    const path = (of: (point: Point) => number) =>
      points.map((point) => `${x(point.x).toFixed(1)},${y(of(point)).toFixed(1)}`).join(' ');
    return [
      `<polyline points="${path((point) => formula(point, points))}" fill="none" stroke="${color}" stroke-dasharray="4 3"/>`,
      `<polyline points="${path(measured)}" fill="none" stroke="${color}" stroke-width="1.6"/>`,
      ...points.map(
        (point) =>
          `<circle cx="${x(point.x).toFixed(1)}" cy="${y(measured(point)).toFixed(1)}" r="2.4" fill="${color}"/>`,
      ),
    ].join('\n');
  });
  const bottom = panel.height - panel.bottom;
  const ticks = points.map(
    (point) =>
      `<text x="${x(point.x).toFixed(1)}" y="${bottom + 14}" text-anchor="middle">${shortNumber(point.x)}</text>`,
  );
  const decades = decadesIn(values).map((value) => {
    const at = y(value).toFixed(1);
    return `<line x1="${panel.left}" x2="${panel.width - panel.right}" y1="${at}" y2="${at}" stroke="#ddd"/><text x="${panel.left - 4}" y="${at}" dy="3" text-anchor="end">${shortNumber(value)}</text>`;
  });
  return [
    `<text x="${panel.left}" y="16" font-weight="bold">${title}</text>`,
    ...decades,
    `<line x1="${panel.left}" x2="${panel.width - panel.right}" y1="${bottom}" y2="${bottom}" stroke="#555"/>`,
    ...ticks,
    `<text x="${(panel.left + panel.width) / 2}" y="${bottom + 30}" text-anchor="middle" fill="#555">${axis}</text>`,
    ...lines,
  ].join('\n');
}

/** Positive values on a logarithmic axis from `from` to `to`. */
function scaleOf(values: readonly number[], from: number, to: number): (value: number) => number {
  const logs = values.map(Math.log10);
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const span = high - low || 1;
  return (value) => from + ((Math.log10(value) - low) / span) * (to - from);
}

function decadesIn(values: readonly number[]): number[] {
  const [low, high] = [Math.ceil(Math.log10(Math.min(...values))), Math.floor(Math.log10(Math.max(...values)))];
  return Array.from({ length: Math.max(0, high - low + 1) }, (_, i) => 10 ** (low + i));
}

function shortNumber(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(2))} M`;
  return value >= 1e4 ? `${Number((value / 1e3).toPrecision(2))} k` : String(Number(value.toPrecision(4)));
}
