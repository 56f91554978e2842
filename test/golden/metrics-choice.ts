/** `multiple_choice.json`: options chosen by likelihood. */
import { join } from 'node:path';
import { choiceAccuracy, choose, type OptionScore, scoreTokens } from '../../evaluate/metrics/multiple-choice.ts';
import type { GoldenCase } from './case.ts';
import { closeCase } from './close.ts';
import { equalCase, type Json, readJson } from './json.ts';

const TOLERANCE = 1e-9;

export async function checkMultipleChoice(folder: string): Promise<GoldenCase[]> {
  const { hellaswag, token_level } = await readJson(join(folder, 'multiple_choice.json'));
  return [...(hellaswag ? checkRows(hellaswag) : []), ...(token_level ? checkTokens(token_level) : [])];
}

function checkRows({ rows, expected, models = {} }: Json): GoldenCase[] {
  const name = 'multiple_choice.json hellaswag';
  const labels: number[] = rows.map((row: Json) => row.label);
  const options = rows.map((row: Json) =>
    row.sum.map((sum: number, index: number) => ({ sum, length: row.length[index] })),
  );
  return [
    ...checkChoices(name, options, labels, 'sum', expected.argmax_sum, expected.accuracy_sum),
    ...checkChoices(name, options, labels, 'mean', expected.argmax_mean, expected.accuracy_mean),
    ...Object.entries(models as Record<string, Json>).flatMap(([model, { mean, expected: wanted }]) => {
      const scores = mean.map((row: number[]) => row.map((sum) => ({ sum, length: 1 })));
      return checkChoices(`${name} ${model}`, scores, labels, 'mean', wanted.argmax, wanted.accuracy);
    }),
  ];
}

function checkChoices(
  name: string,
  options: OptionScore[][],
  labels: readonly number[],
  by: 'sum' | 'mean',
  chosen: number[],
  accuracy: number,
): GoldenCase[] {
  const choices = options.map((list) => choose(list, by));
  const found = choiceAccuracy(options.map((list, index) => ({ options: list, label: labels[index] })))[by];
  return [
    equalCase(`${name} choices by ${by}`, choices, chosen),
    closeCase(`${name} accuracy by ${by}`, found, accuracy, TOLERANCE),
  ];
}

function checkTokens({ items, accuracy_sum, accuracy_mean }: Json): GoldenCase[] {
  const name = 'multiple_choice.json token_level';
  const options: OptionScore[][] = items.map((item: Json) => item.token_log_probs.map(scoreTokens));
  const labels = items.map((item: Json) => item.label);
  const each = (key: string) => items.map((item: Json) => item[key]);
  return [
    closeCase(
      `${name} sums`,
      options.map((list) => list.map(({ sum }) => sum)),
      each('sum'),
      TOLERANCE,
    ),
    closeCase(
      `${name} means`,
      options.map((list) => list.map(({ sum, length }) => sum / length)),
      each('mean'),
      TOLERANCE,
    ),
    ...checkChoices(name, options, labels, 'sum', each('argmax_sum'), accuracy_sum),
    ...checkChoices(name, options, labels, 'mean', each('argmax_mean'), accuracy_mean),
  ];
}
