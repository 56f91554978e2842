/** `grit` on pairs, captions and parses: from what a command line says to a run, and its results to the terminal. */
import {
  type AbstractNouns,
  type Analyzer,
  gritJsonLine,
  openCaptionLines,
  openPairFiles,
  openParsedPairs,
  openParserAnalyzer,
  openShapesPairs,
  type PairSource,
  type PipelineResult,
  Problems,
  parsedAnalyzer,
  type RunOutcome,
  readAbstractNouns,
  runGrit,
  showCaption,
  showSummary,
} from '../../data/grit/index.ts';
import { readJson } from '../../engine/index.ts';
import type { Terminal } from '../command.ts';
import type { GritArguments, GritInput } from '../grit-arguments.ts';
import { type OpenGrounder, openGrounder } from './grounders.ts';
import { type GritOutput, gritOutput } from './output.ts';
import { GritProgress } from './progress.ts';
import { firstReason } from './records.ts';
import { ShapesScorer, showShapesScore } from './shapes-score.ts';
import { writeSheets } from './sheet.ts';

type RunInput = Exclude<GritInput, { kind: 'records' | 'merge' }>;

/** @throws Error when nothing is left of the input */
export async function runOnPairs(input: RunInput, given: GritArguments, terminal: Terminal): Promise<void> {
  const problems = new Problems();
  const source = await openSource(input, given);
  const analyzer = await openAnalyzer(input, given);
  let grounder: OpenGrounder | null = null;
  try {
    grounder = given.grounder && (await openGrounder(given.grounder, given.workers, problems, terminal));
    await runAndTell({ input, source, analyzer, grounder, problems }, given, terminal);
  } catch (error) {
    if (terminal.signal.aborted && given.out !== null)
      terminal.stderr.write(`What is done is in ${given.out}; the same command goes on from there.\n`);
    throw error;
  } finally {
    await grounder?.grounder.close();
    await analyzer.close();
  }
}

interface Parts {
  readonly input: RunInput;
  readonly source: PairSource;
  readonly analyzer: Analyzer;
  readonly grounder: OpenGrounder | null;
  readonly problems: Problems;
}

async function runAndTell(parts: Parts, given: GritArguments, terminal: Terminal): Promise<void> {
  const { input, source, analyzer, problems } = parts;
  const { out, shard, shardSize, thresholds, restart, saveImages } = given;
  const grounder = parts.grounder?.grounder ?? null;
  const quiet = given.quiet || (out !== null && input.kind !== 'parses');
  const output = gritOutput('captions', { ...given, quiet }, terminal);
  const progress = quiet ? new GritProgress(terminal.stderr) : null;
  const scorer = input.kind === 'shapes' && grounder !== null ? new ShapesScorer() : null;
  const color = terminal.stdout.isTTY === true;
  const outcome = await runGrit(source, {
    ...{ analyzer, grounder, thresholds, out, shard, problems, restart },
    pairsPerPart: shardSize,
    savePictures: saveImages,
    signal: terminal.signal,
    onProgress: (state) => progress?.report(state),
    async onResult(result) {
      scorer?.add(result.pair, result.record);
      await tellResult(result, output, color);
    },
  });
  progress?.clear();
  const files = out === null ? [] : [...outcome.files, ...(await sheetsOf(outcome, given))];
  const written = files.length === 0 || isEmpty(outcome, parts) ? null : { folder: out!, files };
  const { summary } = outcome;
  const score = scorer?.score();
  const shown = showSummary(summary, { hasCaptions: true, hasBoxes: grounder !== null });
  const text = shown + (score && score.scenes > 0 ? showShapesScore(score) : '');
  await output.end(text, summary, written, score ? { shapes: score } : {});
  if (isEmpty(outcome, parts) && shard.count === 1) throw new Error(nothingLeft(outcome, parts, given));
}

async function tellResult({ analysis, record }: PipelineResult, output: GritOutput, color: boolean): Promise<void> {
  await output.item(
    () => showCaption(analysis, record, { color }),
    () => `${JSON.stringify(analysis).slice(0, -1)},"record":${record && gritJsonLine(record)}}`,
  );
}

/** Of several shards `--merge` makes them. */
async function sheetsOf({ samples, summary }: RunOutcome, { out, shard }: GritArguments): Promise<string[]> {
  return shard.count === 1 ? writeSheets(out!, samples, summary) : [];
}

function isEmpty({ summary }: RunOutcome, { grounder }: Parts): boolean {
  return grounder ? summary.images === 0 : summary.captions === 0;
}

function nothingLeft({ summary }: RunOutcome, { input, grounder }: Parts, given: GritArguments): string {
  const name = nameOf(input);
  const what =
    summary.captions === 0
      ? `${name} holds no caption that can be used`
      : `no pair is left: no caption of ${name} has a box in ${grounder?.name ?? ''} that is kept, with scores above ${given.thresholds.score}`;
  return what + firstReason(summary);
}

function nameOf(input: RunInput): string {
  if (input.kind === 'pairs') return input.paths.join(', ');
  return input.kind === 'shapes' ? `shapes:${input.split}` : input.path;
}

function openSource(input: RunInput, { images, shard }: GritArguments): Promise<PairSource> | PairSource {
  switch (input.kind) {
    case 'shapes':
      return openShapesPairs({ ...input, shard });
    case 'pairs':
      return openPairFiles({ ...input, images, shard });
    case 'parses':
      return openParsedPairs({ path: input.path, images, shard });
    case 'captions': {
      const isText = input.format === null && !/\.(jsonl|ndjson|json|tsv|parquet|tar)$/i.test(input.path);
      return isText
        ? openCaptionLines(input.path)
        : openPairFiles({ paths: [input.path], format: input.format, images, shard });
    }
  }
}

async function openAnalyzer(input: RunInput, given: GritArguments): Promise<Analyzer> {
  const { abstractFile, keepPronouns, parser, workers } = given;
  const abstractNouns = abstractFile === null ? undefined : await readList(abstractFile);
  const options = { abstractNouns, keepPronouns };
  return input.kind === 'parses'
    ? parsedAnalyzer(options)
    : openParserAnalyzer({ ...options, folder: parser ?? undefined, threads: workers });
}

async function readList(file: string): Promise<AbstractNouns> {
  const json = await readJson(file);
  try {
    return readAbstractNouns(json);
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`);
  }
}
