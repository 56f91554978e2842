/** SEED-Bench (`SEED-Bench.json`): multiple choice about pictures. Questions about videos are left out, as in the paper. */
import { readJson } from '../../engine/runtime/json.ts';
import { type DataSet, DataSetBuilder, type Item } from './data-set.ts';
import { asRow, choice, identifier, list, text } from './fields.ts';

export interface SeedQuestion extends Item {
  readonly imageId: string;
  readonly question: string;
  readonly choices: readonly string[];
  /** Index of the right choice. */
  readonly label: number;
  /** Name of the question's type, such as `Scene Understanding`. */
  readonly type: string;
}

const LETTERS = ['A', 'B', 'C', 'D'];

/** @throws Error naming the question that is not as it should be */
export async function readSeedBench(path: string): Promise<DataSet<SeedQuestion>> {
  const document = asRow(await readJson(path), path);
  const names = new Map(
    Object.entries((document.question_type ?? {}) as object).map(([name, id]) => [String(id), name]),
  );
  const builder = new DataSetBuilder<SeedQuestion>();
  for (const [index, value] of list(document, 'questions', path).entries()) {
    const where = `${path} questions[${index}]`;
    const row = asRow(value, where);
    if (row.data_type !== undefined && row.data_type !== 'image') continue;
    const id = identifier(row, 'question_id', where);
    if (row.answer === undefined || row.answer === null) {
      builder.report(id, 'row without annotation', 'the question has no answer');
      continue;
    }
    const type = row.question_type_id === undefined ? 'unknown' : identifier(row, 'question_type_id', where);
    builder.add({
      id,
      imageId: identifier(row, 'data_id', where),
      question: text(row, 'question', where),
      choices: LETTERS.map((letter) => text(row, `choice_${letter.toLowerCase()}`, where)),
      label: choice(row, 'answer', where, LETTERS),
      type: names.get(type) ?? type,
    });
  }
  return builder.build();
}
