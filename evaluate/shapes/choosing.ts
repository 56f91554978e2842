/** Multiple choice in the shapes world: questions with answers to choose from, by likelihood as on SEED-Bench. */

import { hashText } from '../../data/hash.ts';
import type { ShapesItems } from '../../data/index.ts';
import { defineTask } from '../task.ts';
import {
  OPTIONS_FORM,
  type OptionScores,
  optionScores,
  scoreTypes,
  seedOptions,
  shownOptions,
} from '../tasks/choices.ts';
import { sceneOf, shapesItems } from './data.ts';
import { SHAPES_FORM } from './writing.ts';

/** A question with choices; `label` is the place of the right one. */
type ChoiceItem = ShapesItems['questions'] & { readonly choices: readonly string[]; readonly label: number };

/** Wrong choices are answers to others of so many questions, whatever the limit. */
const POOL = 500;
const CHOICES = 4;

export const shapesChoices = defineTask<ChoiceItem, OptionScores>({
  summary: 'answers to choose from, by likelihood',
  dataForm: SHAPES_FORM,
  predictionForm: OPTIONS_FORM,
  load: async (request) => ({ items: withChoices(shapesItems('questions', request, POOL)), problems: [] }),
  asking: { kind: 'choosing', pictureOf: sceneOf, ask: seedOptions },
  read: (row, { choices }) => optionScores(row, choices.length),
  score: async (answers) => scoreTypes(answers),
  show: (item, answer) => shownOptions(seedOptions(item), item.label, answer),
});

/** Up to four answers that questions of the same type have, the right one at a place that the id gives. */
function withChoices(items: readonly ShapesItems['questions'][]): ChoiceItem[] {
  const pool = items.slice(0, POOL);
  return items.map((item) => {
    const answers = new Set(pool.filter(({ type }) => type === item.type).map(({ answer }) => answer));
    const hash = hashText(item.id);
    const wrong = [...answers].sort().filter((answer) => answer !== item.answer);
    const first = hash % Math.max(1, wrong.length);
    const choices = [...wrong.slice(first), ...wrong.slice(0, first)].slice(0, CHOICES - 1);
    const label = (hash >>> 16) % (choices.length + 1);
    return { ...item, choices: choices.toSpliced(label, 0, item.answer), label };
  });
}
