/**
 * Line charts as HTML: lines are an SVG that stretches with the page, labels are text of the page, and what a place of the chart says is
 * shown while it is pointed at; no script.
 */
import { showNumber, showWhole } from '../../../report/format.ts';
import { escapeHtml } from '../../../report/html.ts';
import { type Axis, exactAxis, position, roundAxis } from './axis.ts';

export interface Point {
  /** A step. */
  readonly x: number;
  /** Not finite: a gap. */
  readonly y: number;
}

export interface Series {
  readonly label: string;
  readonly points: readonly Point[];
  /** Number of its colour in the style sheet. */
  readonly color: number;
  readonly kind: 'line' | 'faint' | 'dotted';
}

export interface Chart {
  readonly title: string;
  readonly series: readonly Series[];
  /** Across the whole page. */
  readonly isWide?: boolean;
}

/** Units of the SVG in both directions. */
const SIZE = 1000;
/** A line has the lowest and the highest value of each of so many stretches. */
const STRETCHES = 400;
/** Places that can be pointed at. */
const MOST_PLACES = 120;

/** A figure; empty where no series has a point. */
export function chartFigure(chart: Chart): string {
  const series = chart.series.filter(({ points }) => points.length > 0);
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return '';
  const x = exactAxis(0, highest(points), chart.isWide ? 8 : 5);
  const y = roundAxis(
    points.map((point) => point.y),
    5,
  );
  return [
    `<figure class="chart${chart.isWide ? ' wide' : ''}">`,
    `<figcaption><b>${escapeHtml(chart.title)}</b>${legend(series)}${cutNote(points, y)}</figcaption>`,
    `<div class="plot"><div class="y">${labels(y, 'bottom')}</div><div class="area">`,
    `<svg viewBox="0 0 ${SIZE} ${SIZE}" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(spoken(chart.title, series))}">`,
    `<path class="grid" d="${grid(y)}"/>`,
    ...series.map((one) => seriesPaths(one, x, y)),
    `</svg><div class="places" aria-hidden="true">${places(series, x)}</div></div>`,
    `<div class="x">${labels(x, 'left')}</div></div></figure>`,
  ].join('');
}

function legend(series: readonly Series[]): string {
  if (series.length < 2) return '';
  return series
    .map(({ label, color, kind }) => `<span class="key"><i class="${kind} c${color}"></i>${escapeHtml(label)}</span>`)
    .join('');
}

function cutNote(points: readonly Point[], y: Axis): string {
  const cut = points.filter((point) => Number.isFinite(point.y) && point.y > y.to + 1e-9 * (y.to - y.from)).length;
  return cut === 0 ? '' : `<span class="key">${showWhole(cut)} above the chart</span>`;
}

function spoken(title: string, series: readonly Series[]): string {
  const ends = series.map(({ label, points }) => `${label} ${showNumber(points[points.length - 1].y)}`);
  return `${title}; at the end ${ends.join(', ')}`;
}

function labels(axis: Axis, side: 'bottom' | 'left'): string {
  return axis.ticks
    .map(({ at, label }) => `<span style="${side}:${percent(position(axis, at))}">${escapeHtml(label)}</span>`)
    .join('');
}

function grid(y: Axis): string {
  return y.ticks.map(({ at }) => `M0 ${unit(1 - position(y, at))}H${SIZE}`).join('');
}

/** The line, and for a dotted series a dot at each of its points: a line of no length with round ends. */
function seriesPaths({ points, color, kind }: Series, x: Axis, y: Axis): string {
  const placed = (kind === 'dotted' ? points : thinned(points, x)).map((point) => ({
    ...point,
    text: `${unit(position(x, point.x))} ${unit(1 - position(y, point.y))}`,
  }));
  const line = placed
    .map(({ y: value, text }, i) => {
      if (!Number.isFinite(value)) return '';
      return `${i > 0 && Number.isFinite(placed[i - 1].y) ? 'L' : 'M'}${text}`;
    })
    .join('');
  const dots = placed.map(({ y: value, text }) => (Number.isFinite(value) ? `M${text}h0` : '')).join('');
  const hasDots = kind === 'dotted' || points.length === 1;
  return `<path class="${kind} c${color}" d="${line}"/>${hasDots ? `<path class="dots c${color}" d="${dots}"/>` : ''}`;
}

/** Of each stretch of the axis the lowest and the highest point, in their order, and every gap. */
function thinned(points: readonly Point[], x: Axis): Point[] {
  if (points.length <= 2 * STRETCHES) return [...points];
  const kept: Point[] = [];
  for (const stretch of stretches(points, x, STRETCHES)) {
    const finite = stretch.filter(({ y }) => Number.isFinite(y));
    if (finite.length < stretch.length) kept.push({ x: stretch[0].x, y: Number.NaN });
    if (finite.length === 0) continue;
    const low = finite.reduce((a, b) => (b.y < a.y ? b : a));
    const high = finite.reduce((a, b) => (b.y > a.y ? b : a));
    kept.push(...(low === high ? [low] : [low, high].sort((a, b) => a.x - b.x)));
  }
  return kept;
}

/** The points of each of `count` equal stretches of the axis; points come in the order of x. */
function stretches(points: readonly Point[], x: Axis, count: number): Point[][] {
  const parts = Array.from({ length: count }, (): Point[] => []);
  for (const point of points) parts[Math.min(count - 1, Math.floor(position(x, point.x) * count))].push(point);
  return parts;
}

/** Equal columns over the chart, each with the values of the points in it. */
function places(series: readonly Series[], x: Axis): string {
  const count = Math.min(MOST_PLACES, Math.max(...series.map(({ points }) => points.length)));
  const parts = series.map(({ points }) => stretches(points, x, count));
  return Array.from({ length: count }, (_, i) => {
    const found = series.flatMap(({ label }, s) => {
      const inside = parts[s][i];
      return inside.length > 0 ? [{ label, point: inside[Math.floor(inside.length / 2)] }] : [];
    });
    if (found.length === 0) return '<i></i>';
    const values = found.map(({ label, point }) => `${series.length > 1 ? `${label} ` : ''}${showNumber(point.y)}`);
    return `<i><b>${escapeHtml(`step ${showWhole(found[0].point.x)}: ${values.join(', ')}`)}</b></i>`;
  }).join('');
}

function highest(points: readonly Point[]): number {
  return points.reduce((most, { x }) => Math.max(most, x), Number.NEGATIVE_INFINITY);
}

/** Values beyond the chart stay near it, for browsers draw no lines of any length. */
function unit(share: number): string {
  return String(Number((Math.min(3, Math.max(-3, share)) * SIZE).toFixed(1)));
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(2))}%`;
}
