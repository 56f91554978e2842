/** Learning rates by step: a linear rise to the peak, then a linear or cosine fall, or none. */

export interface Schedule {
  readonly kind: 'linear' | 'cosine' | 'constant';
  /** Steps until the peak; 0 starts there. */
  readonly warmup: number;
  /** The learning rate of the last step, where the kind is not `constant`. */
  readonly minimum: number;
}

/**
 * The learning rate of one step of `steps`, counted from 1: peak·step/warmup up to `warmup`, then down to `minimum` at the last step
 * (fairseq's polynomial decay of power 1, as KOSMOS-2 was trained, or half a cosine). A run no longer than its warm-up only rises.
 * @throws Error when `step` is no whole number from 1 to `steps`
 */
export function learningRate(step: number, steps: number, peak: number, { kind, warmup, minimum }: Schedule): number {
  if (!Number.isInteger(step) || step < 1 || step > steps)
    throw new Error(`learningRate: step ${step} is not a whole number from 1 to ${steps}`);
  if (step <= warmup) return peak * (step / warmup);
  if (kind === 'constant') return peak;
  if (kind === 'linear') return minimum + (peak - minimum) * ((steps - step) / (steps - warmup));
  return minimum + ((peak - minimum) * (1 + Math.cos((Math.PI * (step - warmup)) / (steps - warmup)))) / 2;
}
