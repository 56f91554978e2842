/** From figures to goals: whether each is met. */
import type { Case } from './cases.ts';
import type { Result } from './compare.ts';
import { engineTitles } from './engines/index.ts';
import { flopsOf } from './works.ts';

export interface Goal {
  /** What is asked, as a sentence part. */
  readonly text: string;
  /** What came out, with its unit; or why nothing did. */
  readonly found: string;
  /** Null where there is nothing to compare with. */
  readonly met: boolean | null;
}

/** @param fmaRate multiply-adds and additions a second of the adapter, two for a multiply-add; null where unknown */
export function goalsOf(one: Case, results: readonly Result[], fmaRate: number | null): Goal[] {
  const own = results.find(({ engine }) => engine === 'own')?.times;
  const ratios = one.goals.map(({ engines, atLeast }): Goal => {
    const names = engines.map((engine) => engineTitles[engine]);
    const text = `≥ ${atLeast} × ${names.length > 1 ? `the fastest of ${names.join(', ')}` : names[0]}`;
    const peers = results.filter(({ engine, times }) => engines.includes(engine) && times);
    if (!own) return { text, found: 'this code has no time', met: false };
    if (peers.length === 0) return { text, found: 'no peer ran', met: null };
    const ratio = Math.min(...peers.map(({ times }) => times!.median)) / own.median;
    return { text, found: `${ratio.toFixed(2)} ×`, met: ratio >= atLeast };
  });
  const flops = flopsOf(one.work);
  if (one.fmaShare === undefined || flops === null) return ratios;
  const text = `≥ ${one.fmaShare * 100} % of the adapter's multiply-adds`;
  if (!own || fmaRate === null) return [...ratios, { text, found: 'not measured', met: null }];
  const share = flops / (own.median / 1e3) / fmaRate;
  return [...ratios, { text, found: `${(share * 100).toFixed(1)} %`, met: share >= one.fmaShare }];
}

/** Beside PyTorch on the same card: at most three times its time. */
export function torchGoal(results: readonly Result[], torchMilliseconds: number): Goal {
  const own = results.find(({ engine }) => engine === 'own')?.times;
  const text = `≤ 3 × the time of torch (${torchMilliseconds.toPrecision(3)} ms)`;
  if (!own) return { text, found: 'this code has no time', met: false };
  const ratio = own.median / torchMilliseconds;
  return { text, found: `${ratio.toFixed(2)} ×`, met: ratio <= 3 };
}
