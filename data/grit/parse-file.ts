/** Files of parses made by other tools. */
import { type FileSource, runtime } from '../../engine/runtime/index.ts';
import { readConllu } from './conllu.ts';
import { readLines } from './lines.ts';
import { type ParsedCaption, ParseError } from './parse.ts';
import type { ProblemSink } from './problems.ts';
import { readSpacyDocument } from './spacy.ts';

/** Bytes of a file that has to be read as a whole. */
const LARGEST_DOCUMENT = 256 * 1024 * 1024;
/** Bytes in which the first character that is no white space is looked for. */
const SAMPLE = 4096;

/**
 * The captions of a file in CoNLL-U or in spaCy's JSON (one document a line, or a list of documents), which of them is seen from
 * its first character. Files with a line for each document or word are read piece by piece, whatever their size.
 *
 * @param problems is told of captions whose parse cannot be used
 * @throws Error where the file cannot be read or is neither
 */
export async function* readParses(path: string, problems: ProblemSink): AsyncGenerator<ParsedCaption> {
  const file = await (await runtime()).openFile(path);
  try {
    const first = await firstCharacter(file);
    if (first === '[') yield* readSpacyList(path, await wholeJson(path, file), problems);
    else if (first === '{') yield* readSpacyLines(path, file, problems);
    else yield* readConllu(readLines(file), problems);
  } finally {
    await file.close();
  }
}

async function* readSpacyLines(path: string, file: FileSource, problems: ProblemSink): AsyncGenerator<ParsedCaption> {
  let index = 0;
  for await (const { text, number, isTooLong } of readLines(file)) {
    if (text.trim() === '' && !isTooLong) continue;
    const where = `${path} line ${number}`;
    const json = isTooLong ? undefined : parsedOrUndefined(text);
    if (json === undefined && index === 0 && !isTooLong) {
      // One document printed over several lines.
      yield* readSpacyList(path, [await wholeJson(path, file)], problems);
      return;
    }
    if (json === undefined)
      problems.add('parse-malformed', `${where}: ${isTooLong ? 'it is too long' : 'no valid JSON'}`);
    else yield* readOne(json, String(index), where, problems);
    index++;
  }
}

function* readSpacyList(path: string, json: unknown, problems: ProblemSink): Generator<ParsedCaption> {
  for (const [index, document] of (json as unknown[]).entries()) {
    yield* readOne(document, String(index), `${path} document ${index}`, problems);
  }
}

function* readOne(json: unknown, name: string, where: string, problems: ProblemSink): Generator<ParsedCaption> {
  try {
    yield readSpacyDocument(json, name);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    problems.add('parse-malformed', `${where}: ${error.message}`);
  }
}

async function firstCharacter(file: FileSource): Promise<string> {
  const bytes = await file.read(0, Math.min(SAMPLE, file.size));
  return new TextDecoder().decode(bytes).trimStart().charAt(0);
}

async function wholeJson(path: string, file: FileSource): Promise<unknown> {
  if (file.size > LARGEST_DOCUMENT) {
    const size = Math.round(file.size / 1024 / 1024);
    throw new Error(`${path} is one JSON document of ${size} MiB: write one spaCy document a line (JSONL) instead`);
  }
  try {
    return JSON.parse(new TextDecoder().decode(await file.read(0, file.size)));
  } catch (error) {
    throw new Error(`${path} is no valid JSON: ${(error as Error).message}`);
  }
}

function parsedOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
