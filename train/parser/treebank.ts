/** Sentences of a treebank in CoNLL-U, plain or gzipped, with the columns that a parser is trained on. */
import { runtime } from '../../engine/index.ts';

/** Words of one sentence, column by column. */
export interface TreebankSentence {
  readonly text: string;
  readonly forms: readonly string[];
  readonly lemmas: readonly string[];
  readonly upos: readonly string[];
  readonly xpos: readonly string[];
  /** Within the sentence, from 0; −1 for the root. */
  readonly heads: readonly number[];
  readonly relations: readonly string[];
}

const COLUMNS = 10;
const SECTIONS = ['train', 'dev', 'test'] as const;
export type Section = (typeof SECTIONS)[number];

/**
 * The section of a folder as the Universal Dependencies name their files: `…-ud-train.conllu` or `…-ud-train.conllu.gz`.
 * @throws Error where there is none or several, or a file is malformed
 */
export async function readSection(folder: string, section: Section): Promise<TreebankSentence[]> {
  const here = await runtime();
  const names = (await here.listFolder(folder)).map(({ name }) => name);
  const found = names.filter((name) => new RegExp(`-ud-${section}\\.conllu(\\.gz)?$`).test(name));
  if (found.length !== 1)
    throw new Error(
      `${folder} has ${found.length === 0 ? 'no file' : `${found.length} files`} *-ud-${section}.conllu or .conllu.gz; ` +
        'give the folder of one Universal Dependencies treebank',
    );
  const path = `${folder}/${found[0]}`;
  const bytes = await here.readFile(path);
  return parseTreebank(new TextDecoder().decode(path.endsWith('.gz') ? await unzipped(bytes, path) : bytes), path);
}

/** @throws Error that names the file and the line */
export function parseTreebank(text: string, path: string): TreebankSentence[] {
  const sentences: TreebankSentence[] = [];
  let rows: string[][] = [];
  let sentenceText = '';
  const finish = () => {
    if (rows.length > 0) sentences.push(sentenceOf(rows, sentenceText));
    rows = [];
    sentenceText = '';
  };
  for (const [i, line] of text.split('\n').entries()) {
    const trimmed = line.replace(/\r$/, '');
    if (trimmed === '') finish();
    else if (trimmed.startsWith('#')) sentenceText = /^# text = (.*)$/.exec(trimmed)?.[1] ?? sentenceText;
    else addRow(rows, trimmed, `${path}, line ${i + 1}`);
  }
  finish();
  if (sentences.length === 0) throw new Error(`${path} holds no sentences`);
  return sentences;
}

function addRow(rows: string[][], line: string, where: string): void {
  const columns = line.split('\t');
  if (columns.length !== COLUMNS)
    throw new Error(`${where}: ${columns.length} columns separated by tabs, not ${COLUMNS}`);
  const id = columns[0]!;
  // surfaces of several words, and the empty nodes of the enhanced graph
  if (/^\d+[-.]\d+$/.test(id)) return;
  if (Number(id) !== rows.length + 1) throw new Error(`${where}: word ${id} where ${rows.length + 1} is expected`);
  if (!/^\d+$/.test(columns[6]!)) throw new Error(`${where}: the head ${JSON.stringify(columns[6])} is no number`);
  rows.push(columns);
}

function sentenceOf(rows: readonly string[][], text: string): TreebankSentence {
  const column = (at: number) => rows.map((row) => row[at]!);
  return {
    text,
    forms: column(1),
    lemmas: column(2),
    upos: column(3),
    xpos: column(4),
    heads: column(6).map((head) => Number(head) - 1),
    relations: column(7),
  };
}

async function unzipped(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<Uint8Array> {
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw new Error(`${path} is no gzip file: ${(error as Error).message}`);
  }
}
