/** Analyses raw captions with the parser of this package, in threads. */
import { runtime } from '../../engine/runtime/index.ts';
import type { AnalysisOptions } from './analyze.ts';
import { type Analyzer, analyzePairs, rulesOf } from './analyzer.ts';
import type { CaptionPair } from './pairs/pair.ts';
import { ParserPool, shippedParserFolder } from './parser/index.ts';
import { PARSER_FILES } from './parser/parser.ts';

/** Threads that are started where nothing else is asked for. */
const MOST_THREADS = 16;

export interface ParserAnalyzerOptions extends AnalysisOptions {
  /** Folder of the parser's weights; default those that ship. */
  readonly folder?: string;
  /** 0 to parse in place. Default: as many as the machine has processors, at most 16. */
  readonly threads?: number;
}

/** @throws Error where the weights cannot be read */
export async function openParserAnalyzer(options: ParserAnalyzerOptions = {}): Promise<Analyzer> {
  const folder = options.folder ?? (await shippedParserFolder());
  const here = await runtime();
  const threads = options.threads ?? Math.min(MOST_THREADS, here.processorCount());
  const identity = { rules: rulesOf(options), parser: await fingerprint(folder) };
  const pool = await ParserPool.open(folder, threads);
  const parse = (pairs: readonly CaptionPair[]) => pool.parseGroup(pairs.map(({ id, caption }) => ({ id, caption })));
  return {
    identity,
    analyze: (pairs, problems) => analyzePairs(pairs, options, parse, problems),
    close: () => pool.close(),
  };
}

/** A hash over the files of the weights, 16 hexadecimal digits. */
async function fingerprint(folder: string): Promise<string> {
  const here = await runtime();
  const hash = here.contentHash('sha256');
  for (const name of Object.values(PARSER_FILES).sort()) {
    hash.update(new TextEncoder().encode(`${name}\n`));
    hash.update(await here.readFile(`${folder}/${name}`));
  }
  return hash.digest().slice(0, 16);
}
