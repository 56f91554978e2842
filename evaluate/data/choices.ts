/**
 * Multiple-choice sets in their own files, each row as contexts and options to score by likelihood. The templates are the
 * defaults of the closest public code by the same group (LMOps, structured prompting); those of the paper are not public.
 */
import { runtime } from '../../engine/runtime/index.ts';
import { type DataSet, DataSetBuilder, type Item } from './data-set.ts';
import { choice, identifier, type Row, text, texts } from './fields.ts';
import { readLines } from './lines.ts';
import { type RecordAt, readCsv, readRecords } from './records.ts';

export interface ChoiceOption {
  /** What goes before, unscored. */
  readonly context: string;
  /** What is scored, with the space before it. */
  readonly text: string;
}

export interface ChoiceQuestion extends Item {
  readonly options: readonly ChoiceOption[];
  /** Index of the right option. */
  readonly label: number;
}

type Question = Omit<ChoiceQuestion, 'id'>;

/** How one set is read: the key of its ids (else rows are numbered from 0) and its template. */
interface ChoiceFormat {
  readonly ids: readonly string[];
  readonly read: (row: Row, where: string) => Question;
}

const FORMATS = {
  storycloze: { ids: ['InputStoryid'], read: storyCloze },
  hellaswag: { ids: ['ind', 'row'], read: hellaSwag },
  winograd: { ids: ['index'], read: winograd },
  winogrande: { ids: ['qID'], read: winoGrande },
  piqa: { ids: ['id'], read: piqa },
  boolq: { ids: ['idx'], read: boolQ },
  cb: { ids: ['idx'], read: commitmentBank },
  copa: { ids: ['idx'], read: copa },
} as const satisfies Record<string, ChoiceFormat>;

export type ChoiceSetName = keyof typeof FORMATS;
export const CHOICE_SETS = Object.keys(FORMATS) as ChoiceSetName[];

/** The key under which PIQA's label, which is in a file of its own, joins its row. */
const PIQA_LABEL = 'label';

/** @throws Error naming file and line of a row that is not as it should be */
export async function readChoices(name: ChoiceSetName, path: string): Promise<DataSet<ChoiceQuestion>> {
  const { ids, read }: ChoiceFormat = FORMATS[name];
  const builder = new DataSetBuilder<ChoiceQuestion>();
  const labelled = name === 'piqa' ? piqaRecords(path) : /\.csv$/i.test(path) ? readCsv(path) : readRecords(path);
  let index = 0;
  for await (const { row, where } of labelled) {
    const key = ids.find((candidate) => row[candidate] !== undefined && row[candidate] !== null);
    const id = key === undefined ? String(index) : identifier(row, key, where);
    index++;
    if (isUnlabelled(name, row)) builder.report(id, 'row without annotation', 'the row has no label');
    else builder.add({ id, ...read(row, where) });
  }
  return builder.build();
}

/** Test rows are distributed without labels. */
function isUnlabelled(name: ChoiceSetName, row: Row): boolean {
  const keys = { storycloze: 'AnswerRightEnding', winogrande: 'answer', winograd: 'gold' } as Record<string, string>;
  const key = name === 'winograd' && row.text !== undefined ? 'correctAnswer' : (keys[name] ?? 'label');
  return row[key] === undefined || row[key] === null || row[key] === '';
}

/** One context, several endings. */
function endings(context: string, options: readonly string[], label: number): Question {
  return { options: options.map((option) => ({ context, text: option })), label };
}

function storyCloze(row: Row, where: string): Question {
  const story = [1, 2, 3, 4].map((sentence) => text(row, `InputSentence${sentence}`, where)).join(' ');
  const options = [1, 2].map((quiz) => ` ${text(row, `RandomFifthSentenceQuiz${quiz}`, where)}`);
  return endings(story, options, choice(row, 'AnswerRightEnding', where, ['1', '2']));
}

function hellaSwag(row: Row, where: string): Question {
  const options = texts(row, 'endings', where).map((ending) => ` ${ending}`);
  return endings(text(row, 'ctx', where), options, choice(row, 'label', where, [...options.keys()]));
}

function piqa(row: Row, where: string): Question {
  const options = ['sol1', 'sol2'].map((key) => ` ${text(row, key, where)}`);
  return endings(text(row, 'goal', where), options, choice(row, PIQA_LABEL, where, ['0', '1']));
}

function copa(row: Row, where: string): Question {
  const links = [' because', ' so'];
  const link = links[choice(row, 'question', where, ['cause', 'effect'])];
  const premise = text(row, 'premise', where).replace(/\.$/, '');
  const options = ['choice1', 'choice2'].map((key) => ` ${lowerFirst(text(row, key, where))}`);
  return endings(premise + link, options, choice(row, 'label', where, [0, 1]));
}

function boolQ(row: Row, where: string): Question {
  const question = text(row, 'question', where).replace(/\?$/, '');
  const passage = text(row, 'passage', where);
  const context = `Passage: ${passage} After reading this passage, I have a question: ${question}? True or False?`;
  return endings(context, [' False', ' True'], choice(row, 'label', where, [false, true]));
}

function commitmentBank(row: Row, where: string): Question {
  const [premise, hypothesis] = [text(row, 'premise', where), text(row, 'hypothesis', where)];
  const task = 'Read the following paragraph and determine if the hypothesis is true:';
  const labels = ['entailment', 'contradiction', 'neutral'];
  const context = `${task} ${premise} Hypothesis: ${hypothesis}. `;
  return endings(context, ['Yes', 'No', 'Maybe'], choice(row, 'label', where, labels));
}

/** One ending, several contexts: only what follows the gap is scored. */
function winoGrande(row: Row, where: string): Question {
  const [before, after, ...rest] = text(row, 'sentence', where).split('_');
  if (after === undefined || rest.length > 0) throw new Error(`${where}: "sentence" should hold one gap "_"`);
  const options = ['option1', 'option2'].map((key) => ({ context: before + text(row, key, where), text: after }));
  return { options, label: choice(row, 'answer', where, ['1', '2']) };
}

/** "Her" may be an object elsewhere; in all ten schemas that have it, it is a possessive. */
const POSSESSIVE = /^(his|her|its|their|my)$/i;

/** Either contexts and a continuation, or text before, pronoun, text after and answers. */
function winograd(row: Row, where: string): Question {
  if (row.text === undefined) {
    const options = texts(row, 'context_options', where).map((context) => ({
      context,
      text: ` ${text(row, 'continuation', where)}`,
    }));
    return { options, label: choice(row, 'gold', where, [...options.keys()]) };
  }
  const parts = row.text as Row;
  const before = text(parts, 'txt1', where).replace(/\s+/g, ' ');
  const after = text(parts, 'txt2', where).replace(/\s+/g, ' ');
  const startsSentence = before === '' || /[.!?]["']?$/.test(before);
  const ending = POSSESSIVE.test(text(parts, 'pron', where)) ? "'s" : '';
  const options = texts(row, 'answers', where).map((answer) => ({
    context: `${before} ${startsSentence ? upperFirst(answer) : lowerArticle(answer)}${ending}`.trimStart(),
    text: ` ${after}`,
  }));
  return { options, label: choice(row, 'correctAnswer', where, ['A', 'B']) };
}

function lowerFirst(sentence: string): string {
  return sentence.slice(0, 1).toLowerCase() + sentence.slice(1);
}

function upperFirst(sentence: string): string {
  return sentence.slice(0, 1).toUpperCase() + sentence.slice(1);
}

function lowerArticle(answer: string): string {
  return /^(The|A|An|My|His|Her|Their|Our) /.test(answer) ? lowerFirst(answer) : answer;
}

/** PIQA's labels are lines of `<name>-labels.lst` beside `<name>.jsonl`. */
async function* piqaRecords(path: string): AsyncGenerator<RecordAt> {
  const labelFile = path.replace(/\.jsonl?$/i, '-labels.lst');
  if (labelFile === path || !(await (await runtime()).exists(labelFile))) {
    throw new Error(`${path}: the labels of PIQA are expected beside it, in ${labelFile}`);
  }
  const labels = readLines(labelFile);
  for await (const { row, where } of readRecords(path)) {
    const { value } = await labels.next();
    yield { row: { ...row, [PIQA_LABEL]: typeof value === 'string' ? value.trim() : undefined }, where };
  }
  const { done } = await labels.next();
  if (!done) throw new Error(`${labelFile} has more lines than ${path} has rows`);
}
