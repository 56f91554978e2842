/** Numbers for people. */

/** A whole number with commas: 60,000. */
export function showWhole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Up to `digits` digits that count: 2.345, 0.0123, 1.98e-4, 12,346. */
export function showNumber(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e9)) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split('e');
    return `${Number(mantissa)}e${Number(exponent)}`;
  }
  if (size >= 10 ** digits) return showWhole(value);
  return Number(value.toPrecision(digits)).toLocaleString('en-US', { maximumFractionDigits: 20 });
}

/** The two largest units: 42 s, 3 min 5 s, 2 h 14 min, 3 d 4 h. */
export function showDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
