/** Multiple choice by likelihood: the language tasks of table 6, and SEED-Bench. */
import { CHOICE_SETS, type ChoiceQuestion, type ChoiceSetName, readChoices } from '../data/choices.ts';
import type { Item } from '../data/data-set.ts';
import type { Row } from '../data/fields.ts';
import { readSeedBench, type SeedQuestion } from '../data/seed-bench.ts';
import type { Shown } from '../exhibit.ts';
import { type ChoiceItem, choiceAccuracy, choose, type OptionScore, scoreTokens } from '../metrics/multiple-choice.ts';
import type { Option } from '../run/asking.ts';
import { type Answered, defineTask, type MetricRow, type Scores, type Task } from '../task.ts';

/** Table 6: zero-shot, without instruction tuning. */
const PAPER: Readonly<Record<ChoiceSetName, number>> = {
  storycloze: 72.0,
  hellaswag: 49.4,
  winograd: 69.1,
  winogrande: 55.6,
  piqa: 72.9,
  boolq: 62.0,
  cb: 30.4,
  copa: 67.0,
};

const NAMES: Readonly<Record<ChoiceSetName, string>> = {
  storycloze: 'StoryCloze',
  hellaswag: 'HellaSwag',
  winograd: 'Winograd schemas',
  winogrande: 'WinoGrande',
  piqa: 'PIQA',
  boolq: 'BoolQ',
  cb: 'CommitmentBank',
  copa: 'COPA',
};

export const OPTIONS_FORM =
  '"logProbabilities": a list of token log-probabilities for each option; or "scores": their sums, with "lengths": how ' +
  'many tokens each has (without it only the sum is scored)';

/** What a prediction says of the options. */
export interface OptionScores {
  readonly options: readonly OptionScore[];
  readonly hasLengths: boolean;
}

export const languageTasks = Object.fromEntries(CHOICE_SETS.map((name) => [name, languageTask(name)])) as Record<
  ChoiceSetName,
  Task
>;

function languageTask(name: ChoiceSetName): Task {
  return defineTask<ChoiceQuestion, OptionScores>({
    summary: `${NAMES[name]}, by likelihood of the options`,
    dataForm: `${NAMES[name]}'s own file`,
    predictionForm: OPTIONS_FORM,
    load: ({ data }) => readChoices(name, data),
    asking: { kind: 'choosing', pictureOf: () => null, ask: ({ options }) => options },
    show: ({ options, label }, answer) => shownOptions(options, label, answer),
    read: (row, { options }) => optionScores(row, options.length),
    async score(answers) {
      const items = answers.map(({ item, answer }) => ({ label: item.label, ...answer }));
      const { rows, notes } = scoreChoices(items, PAPER[name]);
      return {
        rows,
        notes: [...notes, 'the prompts and the normalisation behind the figure of the paper are not public'],
      };
    },
  });
}

export const seedBench = defineTask<SeedQuestion, OptionScores>({
  summary: 'SEED-Bench (pictures), by likelihood of the choices',
  dataForm: 'SEED-Bench.json',
  predictionForm: OPTIONS_FORM,
  load: ({ data }) => readSeedBench(data),
  asking: {
    kind: 'choosing',
    pictureOf: ({ imageId }) => ({
      names: ['', 'SEED-Bench-image/'].flatMap((folder) =>
        ['', '.jpg', '.png'].map((ending) => folder + imageId + ending),
      ),
    }),
    ask: seedOptions,
  },
  show: (item, answer) => shownOptions(seedOptions(item), item.label, answer),
  read: (row, { choices }) => optionScores(row, choices.length),
  score: async (answers) => scoreTypes(answers),
});

/** Accuracy of all, and of each type of question. */
export function scoreTypes(
  answers: readonly Answered<Item & { readonly label: number; readonly type: string }, OptionScores>[],
): Scores {
  const items = answers.map(({ item, answer }) => ({ label: item.label, type: item.type, ...answer }));
  const { rows, notes } = scoreChoices(items, null);
  const types = [...new Set(items.map(({ type }) => type))].sort();
  const by = items.every(({ hasLengths }) => hasLengths) ? 'mean' : 'sum';
  const perType = types.map((type): MetricRow => {
    const accuracy = choiceAccuracy(items.filter((item) => item.type === type));
    return { metric: `${type} by ${by}`, value: 100 * accuracy[by], paper: null };
  });
  return { rows: [...rows, ...perType], notes };
}

/** The prompt of the published evaluation. */
export function seedOptions({ question, choices }: Pick<SeedQuestion, 'question' | 'choices'>): Option[] {
  return choices.map((choice) => ({ context: `Question: ${question} Answer:`, text: ` ${choice}` }));
}

/** By the mean, which is the first figure. Contexts are shown where they differ. */
export function shownOptions(options: readonly Option[], label: number, { options: scores }: OptionScores): Shown {
  const chosen = choose(scores, 'mean');
  const sameContext = options.every(({ context }) => context === options[0].context);
  return {
    isRight: chosen === label,
    expected: [],
    predicted: [],
    truth: [],
    size: null,
    options: options.map(({ context, text }, i) => ({
      text: sameContext ? text.trim() : context + text,
      score: scores[i].sum / scores[i].length,
      isChosen: i === chosen,
      isRight: i === label,
    })),
  };
}

function scoreChoices(items: readonly (ChoiceItem & OptionScores)[], paper: number | null): Scores {
  const { sum, mean } = choiceAccuracy(items);
  const bySum: MetricRow = { metric: 'accuracy by sum', value: 100 * sum, paper: null };
  if (!items.every(({ hasLengths }) => hasLengths)) {
    const note = 'the accuracy by length-normalised likelihood is left out: some predictions have no "lengths"';
    return { rows: [{ ...bySum, paper }], notes: [note] };
  }
  return { rows: [{ metric: 'accuracy by mean', value: 100 * mean, paper }, bySum], notes: [] };
}

export function optionScores(row: Row, options: number): OptionScores {
  if (Array.isArray(row.logProbabilities)) {
    const lists = checkedList(row.logProbabilities, 'logProbabilities', options, isListOfNumbers);
    return { options: lists.map(scoreTokens), hasLengths: true };
  }
  if (!Array.isArray(row.scores)) throw new Error('"logProbabilities" or "scores" is expected');
  const scores = checkedList(row.scores, 'scores', options, isNumber);
  if (row.lengths === undefined) return { options: scores.map((sum) => ({ sum, length: 1 })), hasLengths: false };
  const isLength = (value: unknown): value is number => isNumber(value) && value > 0;
  const lengths = checkedList(Array.isArray(row.lengths) ? row.lengths : [], 'lengths', options, isLength);
  return { options: scores.map((sum, index) => ({ sum, length: lengths[index] })), hasLengths: true };
}

function checkedList<V>(
  values: readonly unknown[],
  key: string,
  options: number,
  isRight: (value: unknown) => value is V,
): V[] {
  if (values.length !== options) throw new Error(`"${key}" has ${values.length} members for ${options} options`);
  const wrong = values.findIndex((value) => !isRight(value));
  if (wrong >= 0) throw new Error(`"${key}" of option ${wrong} is ${JSON.stringify(values[wrong])}`);
  return [...values] as V[];
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isListOfNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every(isNumber);
}
