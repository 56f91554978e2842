import type { GoldenCase } from './case.ts';

/** Numbers or nested lists of numbers. */
type Numbers = number | readonly Numbers[];

/** A case that asks for numbers within a tolerance, in lists of the same form. */
export function closeCase(name: string, actual: Numbers, expected: Numbers, tolerance: number): GoldenCase {
  const deviation = largestDeviation(actual, expected);
  return deviation === null
    ? { name, deviation: 'another form', tolerance, ok: false, detail: `${shape(actual)} where ${shape(expected)}` }
    : { name, deviation, tolerance, ok: deviation <= tolerance };
}

/** Infinity where a number is none; null where the lists differ in form. */
function largestDeviation(actual: Numbers, expected: Numbers): number | null {
  if (typeof actual === 'number' && typeof expected === 'number') {
    const deviation = Math.abs(actual - expected);
    return Number.isNaN(deviation) ? Number.POSITIVE_INFINITY : deviation;
  }
  if (!Array.isArray(actual) || !Array.isArray(expected) || actual.length !== expected.length) return null;
  const deviations = actual.map((value, index) => largestDeviation(value, expected[index]));
  return deviations.some((value) => value === null) ? null : Math.max(0, ...(deviations as number[]));
}

function shape(numbers: Numbers | undefined): string {
  return Array.isArray(numbers) ? `a list of ${numbers.length}` : String(numbers);
}
