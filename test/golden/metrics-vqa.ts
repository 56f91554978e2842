/** `vqa.json`: normalisation of answers and VQA accuracy. The annotations are looked for in `data/eval/vqav2` above. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { vqaAccuracy } from '../../evaluate/metrics/vqa.ts';
import { cleanAnswer, normaliseWords, removePunctuation } from '../../evaluate/metrics/vqa-answer.ts';
import { findAbove } from './above.ts';
import type { GoldenCase } from './case.ts';
import { closeCase } from './close.ts';
import { equalCase, type Json, readJson } from './json.ts';

const TOLERANCE = 1e-9;
/** Of values rounded to two digits; a half may go either way. */
const ROUNDED_TOLERANCE = 0.005 + 1e-9;

export async function checkVqa(folder: string): Promise<GoldenCase[]> {
  const { sets, processing } = await readJson(join(folder, 'vqa.json'));
  const data = findAbove(folder, 'data/eval/vqav2');
  const file = readdirSync(data).find((name) => name.includes('annotations'));
  if (!file) throw new Error(`${data} holds no annotations`);
  const { annotations } = await readJson(join(data, file));
  const byId = new Map<number, Json>(annotations.map((one: Json) => [one.question_id, one]));
  return [...processing.map(checkProcessing), ...sets.flatMap((set: Json) => checkSet(set, byId))];
}

function checkProcessing(entry: Json, index: number): GoldenCase {
  const stripped = cleanAnswer(entry.text);
  const punctuation = removePunctuation(stripped);
  return equalCase(
    `vqa.json processing ${index}`,
    [stripped, punctuation, normaliseWords(punctuation)],
    [entry.stripped, entry.after_punctuation, entry.after_digits_and_articles],
  );
}

function checkSet({ name: label, predictions, expected }: Json, annotations: ReadonlyMap<number, Json>): GoldenCase[] {
  const name = `vqa.json ${label}`;
  const result = vqaAccuracy(
    predictions.map(({ question_id, answer }: Json) => {
      const { answers, answer_type, question_type } = annotations.get(question_id);
      const humanAnswers = answers.map((one: Json) => one.answer);
      return { answer, humanAnswers, answerType: answer_type, questionType: question_type };
    }),
  );
  const perQuestion = predictions.map((one: Json) => expected.perQuestion[one.question_id]);
  const types = (group: 'perAnswerType' | 'perQuestionType') => {
    const keys = Object.keys(expected[group]);
    const [actual, wanted] = [result[group], expected[group]].map((values) => keys.map((key) => values[key]));
    return closeCase(`${name} ${group}`, actual, wanted, ROUNDED_TOLERANCE);
  };
  return [
    closeCase(`${name} overall`, result.overall, expected.overall, ROUNDED_TOLERANCE),
    closeCase(`${name} overall unrounded`, result.overall, expected.overall_unrounded, TOLERANCE),
    closeCase(`${name} of each question`, result.perItem, perQuestion, TOLERANCE),
    types('perAnswerType'),
    types('perQuestionType'),
  ];
}
