/** Analyses raw captions with the parser of this package, in threads. */
import { runtime } from '../../engine/runtime/index.ts';
import type { AnalysisOptions } from './analyze.ts';
import { type Analyzer, analyzePairs, rulesOf } from './analyzer.ts';
import type { CaptionPair } from './pairs/pair.ts';
import type { ParsedCaption } from './parse.ts';
import { ParserPool, shippedParserFolder } from './parser/index.ts';

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
  // One for each thread, for a pool takes one list of captions at a time.
  const pools = await Promise.all(
    Array.from({ length: Math.max(1, threads) }, () => ParserPool.open(folder, Math.min(1, threads))),
  );
  const turns = new Turns(pools);
  return {
    identity,
    analyze: (pairs, problems) => analyzePairs(pairs, options, (captions) => turns.parse(captions), problems),
    close: async () => void (await Promise.all(pools.map((pool) => pool.close()))),
  };
}

/** Gives lists of captions to the pools in turn, each of which takes its own one after another. */
class Turns {
  readonly #pools: readonly ParserPool[];
  readonly #free: Promise<unknown>[];
  #turn = 0;

  constructor(pools: readonly ParserPool[]) {
    this.#pools = pools;
    this.#free = pools.map(() => Promise.resolve());
  }

  parse(captions: readonly CaptionPair[]): Promise<readonly ParsedCaption[]> {
    const at = this.#turn++ % this.#pools.length;
    const parsing = this.#free[at]!.then(() => parsesOf(this.#pools[at]!, captions));
    this.#free[at] = parsing.catch(() => {});
    return parsing;
  }
}

async function parsesOf(pool: ParserPool, pairs: readonly CaptionPair[]): Promise<readonly ParsedCaption[]> {
  const parses: ParsedCaption[] = [];
  const captions = pairs.map(({ id, caption }) => ({ id, caption }));
  for await (const parsed of pool.parse(captions)) parses.push(parsed);
  return parses;
}

/** A hash over the files of the weights, 16 hexadecimal digits. */
async function fingerprint(folder: string): Promise<string> {
  const here = await runtime();
  const hash = here.contentHash('sha256');
  for (const { name, kind } of await here.listFolder(folder)) {
    if (kind !== 'file' || !/\.(json|safetensors)$/.test(name)) continue;
    hash.update(new TextEncoder().encode(`${name}\n`));
    hash.update(await here.readFile(`${folder}/${name}`));
  }
  return hash.digest().slice(0, 16);
}
