/** The command that makes the tables of `cost.md`. */
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { type Command, UsageError } from '../../cli/command.ts';
import { oneOf, parseWords } from '../../cli/options.ts';
import { type AdapterChoice, requestDevice } from '../../engine/index.ts';
import { repositoryRoot } from '../../test/shared.ts';
import { systemTitle } from '../record.ts';
import { type CostTable, costTables } from './tables.ts';

const HELP = `Usage: tsx bench/cost.ts [options]

Runs training steps of decoders and image encoders of growing sizes, and prints time, work and memory with the formulas beside.

  --write     put the tables into bench/cost.md
  --tiny      sizes that mean nothing, to try the command
  --adapter auto|system|swiftshader   default auto
  --help`;

const OPTIONS = {
  write: { type: 'boolean' },
  tiny: { type: 'boolean' },
  adapter: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const cost: Command = async (words, { stdout, stderr }) => {
  const { values, positionals } = parseWords(words, OPTIONS);
  if (values.help) {
    stdout.write(`${HELP}\n`);
    return 0;
  }
  if (positionals.length > 0) throw new UsageError(`no word but options is expected, found ${positionals.join(' ')}`);
  if (values.tiny && values.write) throw new UsageError('--tiny and --write exclude each other');
  const adapter: AdapterChoice = oneOf('--adapter', values.adapter, ['auto', 'system', 'swiftshader']);
  const device = await requestDevice({ adapter });
  const tables = await costTables(device, values.tiny ?? false, (line) => stderr.write(`${line}\n`));
  const where = `${device.description}, Node ${process.versions.node}, ${systemTitle()}, ${new Date().toISOString().slice(0, 10)}`;
  device.close();
  const text = [`Measured on ${where}.`, ...tables.map(markdown)].join('\n\n');
  stdout.write(`${text}\n`);
  if (values.write) writeTables(text);
  return 0;
};

function markdown({ title, columns, rows }: CostTable): string {
  const lines = [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return [`### ${title}`, '', ...lines].join('\n');
}

const [begin, end] = ['<!-- measured -->', '<!-- /measured -->'];

function writeTables(text: string): void {
  const path = `${repositoryRoot()}bench/cost.md`;
  const page = readFileSync(path, 'utf8');
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path} has no place for the tables: ${begin} … ${end}`);
  writeFileSync(path, `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`);
}
