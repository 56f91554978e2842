/** From sums of losses to means. */

/** What the scored tokens of a micro-batch lose together. */
export interface LossSum {
  /** Of the source. */
  readonly name: string;
  readonly keptTokens: number;
  /** How much each of them counts beside those of other sources. */
  readonly weight: number;
  /** Σ −log p, natural logarithm. */
  readonly loss: number;
}

export interface MeanLosses {
  /** Over all tokens. */
  readonly loss: number;
  /** Over those of each source. */
  readonly lossByKind: Readonly<Record<string, number>>;
}

export function meanLosses(sums: readonly LossSum[]): MeanLosses {
  const names = [...new Set(sums.map(({ name }) => name))];
  const mean = (some: readonly LossSum[]) =>
    some.reduce((sum, { weight, loss }) => sum + weight * loss, 0) /
    some.reduce((sum, { weight, keptTokens }) => sum + weight * keptTokens, 0);
  return {
    loss: mean(sums),
    lossByKind: Object.fromEntries(names.map((name) => [name, mean(sums.filter((sum) => sum.name === name))])),
  };
}
