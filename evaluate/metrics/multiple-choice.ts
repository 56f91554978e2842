/**
 * Multiple choice by likelihood: the option whose tokens a language model finds likeliest wins, by the sum of their
 * log-probabilities or by the sum divided by their number. Of equal scores the lowest index wins.
 */

/** Log-likelihood of one option: the sum over its tokens, and the length it is divided by (tokens, or bytes). */
export interface OptionScore {
  readonly sum: number;
  readonly length: number;
}

export interface ChoiceItem {
  readonly options: readonly OptionScore[];
  /** Index of the right option. */
  readonly label: number;
}

export interface ChoiceAccuracy {
  /** By the sum. */
  sum: number;
  /** By the sum over the length. */
  mean: number;
}

/** The score of an option from the log-probabilities of its tokens. @throws Error for none */
export function scoreTokens(logProbabilities: readonly number[]): OptionScore {
  if (logProbabilities.length === 0) throw new Error('multiple choice: an option has no token to score');
  return { sum: logProbabilities.reduce((total, value) => total + value, 0), length: logProbabilities.length };
}

/** Index of the option that wins. @throws Error for no options, and for a score that is not a number */
export function choose(options: readonly OptionScore[], by: keyof ChoiceAccuracy): number {
  const scores = options.map(({ sum, length }) => (by === 'sum' ? sum : sum / length));
  if (scores.length === 0) throw new Error('multiple choice: there is no option');
  const bad = scores.findIndex((score) => Number.isNaN(score));
  if (bad >= 0) throw new Error(`multiple choice: option ${bad} has the score NaN`);
  return scores.indexOf(Math.max(...scores));
}

/** Shares of right choices. @throws Error for no items */
export function choiceAccuracy(items: readonly ChoiceItem[]): ChoiceAccuracy {
  if (items.length === 0) throw new Error('multiple choice: there is no item to score');
  const share = (by: keyof ChoiceAccuracy) =>
    items.filter(({ options, label }) => choose(options, by) === label).length / items.length;
  return { sum: share('sum'), mean: share('mean') };
}
