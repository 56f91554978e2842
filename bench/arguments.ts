/** The words of `npm run bench`. */

import { UsageError } from '../cli/command.ts';
import { oneOf, parseWords } from '../cli/options.ts';
import type { AdapterChoice } from '../engine/index.ts';

export const BENCH_HELP = `Usage: npm run bench -- [options]

Measures this code beside its peers on one adapter, in turns, checks every output, and prints a table of goals.

  --only NAME     only cases whose name has NAME in it; --list prints the names
  --full          all cases, and more turns of each; without it a selection that takes a few minutes
  --gpu           works that fill a GPU: products up to 8,192³ in f32 and f16, attention, a training step of the size of GPT-2 Medium
  --tiny          the same works at sizes that mean nothing, to try the bench itself
  --host node|deno|chromium   where the engines run; default node. In Chromium the adapter is SwiftShader
  --adapter auto|system|swiftshader   default auto
  --no-peers      this code alone; nothing is installed
  --results       write bench/results/ADAPTER-HOST-DATE.json, which \`npx tsx bench/report.ts\` makes the tables of the README pages from
  --json FILE     write the results there as well (- for standard output, and then nothing else goes there)
  --torch FILE    milliseconds by case as bench/torch/rows.py prints them, to stand beside
  --list, --help

The peers are installed into bench/peers when they are first needed. Exit code: 0 measured (whatever came out), 1 it failed or something gave wrong
results, 2 wrong usage.`;

export type HostName = 'node' | 'deno' | 'chromium';

export interface BenchArguments {
  readonly only: string;
  readonly full: boolean;
  readonly gpu: boolean;
  readonly tiny: boolean;
  readonly host: HostName;
  readonly adapter: AdapterChoice;
  readonly peers: boolean;
  readonly results: boolean;
  readonly json: string | null;
  /** A file of milliseconds by case. */
  readonly torch: string | null;
}

const OPTIONS = {
  only: { type: 'string' },
  full: { type: 'boolean' },
  gpu: { type: 'boolean' },
  tiny: { type: 'boolean' },
  host: { type: 'string' },
  adapter: { type: 'string' },
  'no-peers': { type: 'boolean' },
  results: { type: 'boolean' },
  json: { type: 'string' },
  torch: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws UsageError that names the word at fault */
export function parseBenchArguments(words: readonly string[]): BenchArguments | 'help' | 'list' {
  const { values, positionals } = parseWords(words, OPTIONS);
  if (values.help) return 'help';
  if (values.list) return 'list';
  if (positionals.length > 0) throw new UsageError(`no word but options is expected, found ${positionals.join(' ')}`);
  const sizes = (['tiny', 'full', 'gpu'] as const).filter((name) => values[name]);
  if (sizes.length > 1) throw new UsageError(`--${sizes[0]} and --${sizes[1]} exclude each other`);
  const host = oneOf('--host', values.host, ['node', 'deno', 'chromium']);
  if (host === 'chromium' && values.adapter)
    throw new UsageError('--adapter is not for --host chromium, which runs on SwiftShader');
  return {
    only: values.only ?? '',
    full: values.full ?? false,
    gpu: values.gpu ?? false,
    tiny: values.tiny ?? false,
    host,
    adapter: oneOf('--adapter', values.adapter, ['auto', 'system', 'swiftshader']),
    peers: !values['no-peers'],
    results: values.results ?? false,
    json: values.json ?? null,
    torch: values.torch ?? null,
  };
}
