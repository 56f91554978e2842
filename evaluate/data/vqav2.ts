/** VQAv2: the official questions and annotations (`v2_OpenEnded_mscoco_*_questions.json`, `v2_mscoco_*_annotations.json`). */
import { runtime } from '../../engine/runtime/index.ts';
import { readJson } from '../../engine/runtime/json.ts';
import { type DataSet, DataSetBuilder, type Item } from './data-set.ts';
import { asRow, identifier, list, type Row, text } from './fields.ts';

export interface VqaQuestion extends Item {
  readonly imageId: string;
  readonly question: string;
  readonly humanAnswers: readonly string[];
  readonly answerType: string;
  readonly questionType: string;
}

/**
 * Reads a folder that holds one file of questions and one of annotations. Questions without annotation are reported, and
 * so are annotations without question.
 *
 * @throws Error naming a file that is missing, or the row that is not as it should be
 */
export async function readVqa(folder: string): Promise<DataSet<VqaQuestion>> {
  const [questions, annotations] = await Promise.all([
    readRows(await onlyFile(folder, 'questions'), 'questions'),
    readRows(await onlyFile(folder, 'annotations'), 'annotations'),
  ]);
  const byId = new Map(annotations.map(({ row, where }) => [identifier(row, 'question_id', where), { row, where }]));
  const builder = new DataSetBuilder<VqaQuestion>();
  for (const { row, where } of questions) {
    const id = identifier(row, 'question_id', where);
    const annotation = byId.get(id);
    byId.delete(id);
    if (annotation === undefined) builder.report(id, 'row without annotation', 'the question has no annotation');
    else builder.add(readQuestion(id, row, where, annotation.row, annotation.where));
  }
  for (const id of byId.keys()) builder.report(id, 'row without annotation', 'the annotation has no question');
  return builder.build();
}

function readQuestion(id: string, row: Row, where: string, annotation: Row, annotationWhere: string): VqaQuestion {
  return {
    id,
    imageId: identifier(row, 'image_id', where),
    question: text(row, 'question', where),
    humanAnswers: list(annotation, 'answers', annotationWhere).map((one) =>
      text(asRow(one, annotationWhere), 'answer', annotationWhere),
    ),
    answerType: text(annotation, 'answer_type', annotationWhere),
    questionType: text(annotation, 'question_type', annotationWhere),
  };
}

async function onlyFile(folder: string, word: string): Promise<string> {
  const entries = await (await runtime()).listFolder(folder);
  const found = entries.filter(({ name, kind }) => kind === 'file' && name.includes(word) && name.endsWith('.json'));
  if (found.length === 1) return `${folder}/${found[0].name}`;
  const names = found.map(({ name }) => name).join(', ');
  throw new Error(
    found.length === 0
      ? `${folder} holds no VQAv2 ${word} (*${word}*.json): get them from https://visualqa.org/download.html`
      : `${folder} holds several files of ${word} (${names}): one is expected`,
  );
}

async function readRows(path: string, key: string): Promise<{ row: Row; where: string }[]> {
  return list(asRow(await readJson(path), path), key, path).map((value, index) => {
    const where = `${path} ${key}[${index}]`;
    return { row: asRow(value, where), where };
  });
}
