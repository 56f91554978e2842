/** Text files with a record a line, from any place on. */
import type { FileSource } from '../../../engine/runtime/index.ts';
import { parseRow } from '../../grit/json-row.ts';
import { type Line, readLines } from '../../grit/lines.ts';
import { Unusable } from '../problems.ts';
import { CUT_OFF, type DataRecord, NO_JSON_OBJECT, type Place, type Row, TOO_LONG } from './record.ts';

/** A JSON object a line; blank lines are passed over. */
export async function* readJsonLines(path: string, file: FileSource, from: Place): AsyncGenerator<DataRecord> {
  yield* readRecords(path, file, from, (text) => parseRow(text) ?? new Unusable(NO_JSON_OBJECT));
}

/** A record a line; `parse` gives the fields or what is wrong. */
export async function* readRecords(
  path: string,
  file: FileSource,
  from: Place,
  parse: (text: string) => Row | Unusable,
): AsyncGenerator<DataRecord> {
  for await (const { text, number, offset, length, isTooLong } of linesFrom(file, from)) {
    if (text.trim() === '' && !isTooLong) continue;
    const content = isTooLong ? new Unusable(TOO_LONG, `${length} bytes`) : parse(text);
    // A last line without its end is whole where it can be read.
    const isCut = content instanceof Unusable && !isTooLong && offset + length === file.size;
    yield {
      where: `${path} line ${number}`,
      start: offset,
      number: number - 1,
      content: isCut ? new Unusable(CUT_OFF) : content,
      size: length,
      next: { offset: Math.min(offset + length + 1, file.size), number },
    };
  }
}

async function* linesFrom(file: FileSource, { offset, number }: Place): AsyncGenerator<Line> {
  const rest: FileSource = {
    size: file.size - offset,
    read: (at, length) => file.read(offset + at, length),
    close: () => file.close(),
  };
  for await (const line of readLines(rest))
    yield { ...line, number: line.number + number, offset: line.offset + offset };
}
