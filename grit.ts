#!/usr/bin/env node
/** The command `grit`: grounded image–text pairs from captions. See `--help`. */
import process from 'node:process';
import { parseArgs } from 'node:util';
import {
  type AbstractNouns,
  DEFAULT_IOU_THRESHOLD,
  DEFAULT_SCORE_THRESHOLD,
  DEFAULT_SHARD_SIZE,
  type GritRecord,
  type GritSummary,
  gritJsonLine,
  openDetections,
  Problems,
  printable,
  readAbstractNouns,
  readGritFiles,
  readParses,
  runPipeline,
  ShardWriter,
  SummaryCounter,
  showCaption,
  showRecord,
  showSummary,
} from './data/grit/index.ts';
import { readJson } from './engine/index.ts';

const HELP = `Usage: grit --parses FILE [--detections FILE] [--out FOLDER]
       grit --records FILE… [--out FOLDER]

Makes grounded image–text pairs from captions (KOSMOS-2, section 2) and shows every stage: noun chunks, the referring
expressions they grow to, and with detections the boxes that are kept and the records they make.

  --parses FILE        captions with dependency parses: CoNLL-U, or spaCy's JSON (Doc.to_json(), one a line or a list)
  --detections FILE    boxes found elsewhere, JSONL: {"id": CAPTION, "width": W, "height": H, "detections":
                       [{"chunk": INDEX | "span": [START, END] | "phrase": TEXT, "box": [X1, Y1, X2, Y2], "score": S}]};
                       boxes are fractions of the picture, or pixels with "unit": "pixel"
  --records FILE       GRIT records, parquet or JSONL, to look at, count or write again; may be given several times
  --out FOLDER         write the records there: grit-00000.parquet and .jsonl, …, and summary.json; what an earlier run
                       left there under these names is replaced
  --quiet              only the summary, not every caption
  --json               one JSON document: { captions: [{ id, caption, nounChunks, expressions, kept, record }], summary,
                       out }, with --records { records, summary, out }
  --abstract FILE      another list of abstract nouns: {"head": [LEMMA, …], "bare": [LEMMA, …]}
  --keep-pronouns      noun chunks that are pronouns stay
  --iou T              boxes that overlap more are suppressed (default ${DEFAULT_IOU_THRESHOLD})
  --min-score S        scores must be greater (default ${DEFAULT_SCORE_THRESHOLD})
  --shard-size N       records a shard (default ${DEFAULT_SHARD_SIZE})
  --help               this text

Exit code: 0 done, 1 it failed or nothing was left, 2 wrong usage.`;

const NO_PARSER =
  'raw captions cannot be parsed yet: parse them with spaCy or a Universal Dependencies parser and give the result to --parses';

interface Options {
  source: { parses: string } | { records: string[] };
  detections: string | undefined;
  out: string | undefined;
  abstractFile: string | undefined;
  keepPronouns: boolean;
  thresholds: { iou: number; score: number };
  shardSize: number;
  quiet: boolean;
  json: boolean;
}

class UsageError extends Error {}

function readOptions(words: string[]): Options | 'help' {
  const values = parseWords(words);
  if (values.help) return 'help';
  if (values.captions !== undefined || values.pairs !== undefined) throw new UsageError(NO_PARSER);
  if ((values.parses === undefined) === (values.records === undefined)) {
    throw new UsageError('either --parses FILE or --records FILE is expected');
  }
  if (values.records && values.detections !== undefined) throw new UsageError('--detections goes with --parses only');
  if (values.parses !== undefined && values.out !== undefined && values.detections === undefined) {
    throw new UsageError('--out needs --detections: without boxes there are no records to write');
  }
  return {
    source: values.parses === undefined ? { records: values.records! } : { parses: values.parses },
    detections: values.detections,
    out: values.out,
    abstractFile: values.abstract,
    keepPronouns: values['keep-pronouns'] ?? false,
    thresholds: {
      iou: fraction('--iou', values.iou, DEFAULT_IOU_THRESHOLD),
      score: fraction('--min-score', values['min-score'], DEFAULT_SCORE_THRESHOLD),
    },
    shardSize: positive('--shard-size', values['shard-size'], DEFAULT_SHARD_SIZE),
    quiet: values.quiet ?? false,
    json: values.json ?? false,
  };
}

function parseWords(words: string[]) {
  try {
    return parseArgs({
      args: words,
      options: {
        parses: { type: 'string' },
        records: { type: 'string', multiple: true },
        captions: { type: 'string' },
        pairs: { type: 'string' },
        detections: { type: 'string' },
        out: { type: 'string' },
        abstract: { type: 'string' },
        'keep-pronouns': { type: 'boolean' },
        iou: { type: 'string' },
        'min-score': { type: 'string' },
        'shard-size': { type: 'string' },
        quiet: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function fraction(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text || Number.NaN);
  if (value >= 0 && value <= 1) return value;
  throw new UsageError(`${name} takes a number from 0 to 1, not ${text}`);
}

function positive(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new UsageError(`${name} takes a whole number above 0, not ${text}`);
}

/** What is written to standard output: text for people, or the elements of the list in the JSON document. */
interface Output {
  item(text: () => string, json: () => string): Promise<void>;
  end(summary: GritSummary, text: () => string, out: { folder: string; files: string[] } | null): Promise<void>;
}

function jsonOutput(list: string): Output {
  let separator = `{"${list}":[\n`;
  return {
    async item(_, json) {
      await print(separator + json());
      separator = ',\n';
    },
    async end(summary, _, out) {
      const opening = separator === ',\n' ? '' : separator;
      await print(`${opening}\n],\n"summary":${JSON.stringify(summary)},\n"out":${JSON.stringify(out)}}\n`);
    },
  };
}

function textOutput(quiet: boolean): Output {
  return {
    async item(text) {
      if (!quiet) await print(`${text()}\n`);
    },
    async end(_, text, out) {
      await print(text() + (out ? `written to ${out.folder}: ${out.files.join(', ')}\n` : ''));
    },
  };
}

async function main(words: string[]): Promise<void> {
  const options = readOptions(words);
  if (options === 'help') return print(`${HELP}\n`);
  if ('records' in options.source) await showRecords(options.source.records, options);
  else await makeRecords(options.source.parses, options);
}

async function makeRecords(parses: string, options: Options): Promise<void> {
  const { detections, thresholds, keepPronouns, out, shardSize, quiet, json } = options;
  const problems = new Problems();
  const counter = new SummaryCounter();
  const abstractNouns = options.abstractFile === undefined ? undefined : await readList(options.abstractFile);
  const grounder = detections === undefined ? null : await openDetections(detections, problems);
  const shards = out === undefined ? null : new ShardWriter(out, shardSize);
  const output = json ? jsonOutput('captions') : textOutput(quiet);
  const color = isColored();
  const pipeline = { grounder, thresholds, problems, counter, keepPronouns, abstractNouns };
  for await (const { analysis, record } of runPipeline(readParses(parses, problems), pipeline)) {
    if (record) await shards?.add(record);
    await output.item(
      () => showCaption(analysis, record, { color }),
      () => `${JSON.stringify(analysis).slice(0, -1)},"record":${record && gritJsonLine(record)}}`,
    );
  }
  await grounder?.close();
  const summary = counter.summary(problems);
  const isEmpty = grounder ? summary.images === 0 : summary.captions === 0;
  const written = isEmpty || !shards ? null : await shards.finish(summary);
  const text = () => showSummary(summary, { hasCaptions: true, hasBoxes: grounder !== null });
  await output.end(summary, text, written && { folder: out!, files: written });
  if (!isEmpty) return;
  const what =
    summary.captions === 0
      ? `${parses} holds no caption that can be used`
      : `no pair is left: no caption of ${parses} has a box in ${detections} that is kept`;
  throw new Error(what + firstReason(summary));
}

async function showRecords(files: string[], { out, shardSize, quiet, json }: Options): Promise<void> {
  const problems = new Problems();
  const counter = new SummaryCounter();
  const shards = out === undefined ? null : new ShardWriter(out, shardSize);
  const output = json ? jsonOutput('records') : textOutput(quiet);
  const color = isColored();
  for await (const record of readGritFiles(files, problems)) {
    if (!hasBoxes(record, counter)) continue;
    counter.addRecord(record);
    await shards?.add(record);
    await output.item(
      () => showRecord(record, { color }),
      () => gritJsonLine(record),
    );
  }
  const summary = counter.summary(problems);
  const written = summary.images === 0 || !shards ? null : await shards.finish(summary);
  const text = () => showSummary(summary, { hasCaptions: false, hasBoxes: true });
  await output.end(summary, text, written && { folder: out!, files: written });
  if (summary.images === 0) throw new Error(`${files.join(', ')}: no record that can be used${firstReason(summary)}`);
}

function hasBoxes(record: GritRecord, counter: SummaryCounter): boolean {
  if (record.ref_exps.length > 0) return true;
  counter.addWithoutBoxes();
  return false;
}

/** The first thing that was wrong with the input, behind a sentence that says that nothing is left of it. */
function firstReason({ problems: [problem] }: GritSummary): string {
  return problem ? ` (${problem.kind}: ${printable(problem.first[0]!)})` : '';
}

async function readList(file: string): Promise<AbstractNouns> {
  const json = await readJson(file);
  try {
    return readAbstractNouns(json);
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`);
  }
}

function isColored(): boolean {
  return process.stdout.isTTY === true && process.stdout.hasColors?.() !== false;
}

function print(text: string): Promise<void> {
  return new Promise((done, fail) => process.stdout.write(text, (error) => (error ? fail(error) : done())));
}

// Whoever reads the output may have seen enough: that is no error.
process.stdout.on('error', (error: Error & { code?: string }) => {
  if (error.code === 'EPIPE') process.exit(0);
});

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(`grit: ${(error as Error).message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
