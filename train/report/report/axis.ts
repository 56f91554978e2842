/** Axes: which range to show, where ticks stand, and what they say. */

export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
}

/** A range up to this share of its end is widened to begin at 0. */
const NEARLY_FROM_ZERO = 0.4;
/** Values beyond so many times the range of all but the top 2 % are cut off. */
const OUTLIER_RANGES = 3;
const CENTRAL = 0.98;

/** An axis that ends at its last values, with about `count` ticks. */
export function exactAxis(from: number, to: number, count: number): Axis {
  const end = to > from ? to : from + 1;
  const step = niceStep((end - from) / count);
  return { from, to: end, ticks: ticksWithin(from, end, step) };
}

/** An axis from tick to tick over the values, without a few that stand out far above. */
export function roundAxis(values: readonly number[], count: number): Axis {
  const { low, high } = rangeOf(values);
  const step = niceStep((high - low || Math.abs(high) || 1) / count);
  const from = Math.floor(low / step + 1e-9) * step;
  const to = Math.max(Math.ceil(high / step - 1e-9) * step, from + step);
  return { from, to, ticks: ticksWithin(from, to, step) };
}

/** Where a value stands between the ends of the axis: 0 … 1. */
export function position({ from, to }: Axis, value: number): number {
  return (value - from) / (to - from);
}

function rangeOf(values: readonly number[]): { low: number; high: number } {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return { low: 0, high: 1 };
  const first = sorted[0];
  const last = sorted[sorted.length - 1];
  const central = sorted[Math.floor((sorted.length - 1) * CENTRAL)];
  const spread = central - first;
  const high = spread > 0 && last - first > OUTLIER_RANGES * spread ? first + (OUTLIER_RANGES / 2) * spread : last;
  return { low: first >= 0 && first < NEARLY_FROM_ZERO * high ? 0 : first, high };
}

/** 1, 2, 2.5 or 5 times a power of ten, not below `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 2.5, 5, 10].find((one) => one * power >= least * (1 - 1e-9))!;
  return factor * power;
}

function ticksWithin(from: number, to: number, step: number): Axis['ticks'] {
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  const largest = Math.max(Math.abs(from), Math.abs(to));
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const at = (first + i) * step;
    return { at, label: tickLabel(at, step, largest) };
  });
}

/** As many decimals as the step needs; thousands as k, millions as M, small numbers with an exponent. */
function tickLabel(value: number, step: number, largest: number): string {
  if (value === 0) return '0';
  if (largest < 1e-2) return exponential(value);
  for (const [unit, letter] of [
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (largest >= 2 * unit) return `${Number((value / unit).toFixed(decimals(step / unit)))}${letter}`;
  }
  return value.toFixed(decimals(step));
}

function exponential(value: number): string {
  const [mantissa, exponent] = value.toExponential(2).split('e');
  return `${Number(mantissa)}e${Number(exponent)}`;
}

function decimals(step: number): number {
  let digits = 0;
  for (let rest = step; Math.abs(rest - Math.round(rest)) > 1e-6 * rest; rest *= 10) digits++;
  return digits;
}
