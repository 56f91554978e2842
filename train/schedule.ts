/** Learning rates by step: a linear rise to the peak, then a linear or cosine fall, or none until a last stretch. */

export interface Schedule {
  readonly kind: 'linear' | 'cosine' | 'constant';
  /** Steps until the peak; 0 starts there. */
  readonly warmup: number;
  /** The learning rate of the last step; of `constant` only with a cooldown. */
  readonly minimum: number;
  /** With `constant`: the last steps, in which the rate falls linearly to `minimum`. What comes before does not depend on the length of the run. */
  readonly cooldown: number;
}

/**
 * The learning rate of one step of `steps`, counted from 1: peak·step/warmup up to `warmup`, then down to `minimum` at the last step
 * (fairseq's polynomial decay of power 1, as KOSMOS-2 was trained, or half a cosine, or the last `cooldown` steps of a constant rate). A run no longer than its warm-up only rises.
 * @throws Error when `step` is no whole number from 1 to `steps`
 */
export function learningRate(
  step: number,
  steps: number,
  peak: number,
  { kind, warmup, minimum, cooldown }: Schedule,
): number {
  if (!Number.isInteger(step) || step < 1 || step > steps)
    throw new Error(`learningRate: step ${step} is not a whole number from 1 to ${steps}`);
  if (step <= warmup) return peak * (step / warmup);
  const linear = (length: number) => minimum + (peak - minimum) * ((steps - step) / length);
  if (kind === 'constant') return step > steps - cooldown ? linear(cooldown) : peak;
  if (kind === 'linear') return linear(steps - warmup);
  return minimum + ((peak - minimum) * (1 + Math.cos((Math.PI * (step - warmup)) / (steps - warmup)))) / 2;
}
