/** The command that makes the tables of `cost.md`. */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import type { Command } from '../../cli/command.ts';
import { parseWords } from '../../cli/options.ts';
import { requestDevice } from '../../engine/index.ts';
import { repositoryRoot } from '../../test/shared.ts';
import { writeBlock } from '../blocks.ts';
import { adapterToMeasure, expectNoWords } from '../command-options.ts';
import { systemTitle } from '../record.ts';
import { costCurves } from './curves.ts';
import { fullSizeTables } from './full-size.ts';
import { markdown } from './markdown.ts';
import { costTables } from './tables.ts';

const HELP = `Usage: tsx bench/cost.ts [options]

Runs training steps of decoders and image encoders of growing sizes, and prints time, work and memory with the formulas beside. Takes some minutes
without a GPU.

  --full-size   instead: plans training steps of the published model (nothing of that size is allocated), runs steps of a small one, and prints what plans,
                device and formulas say of memory and work
  --write       put the tables into bench/cost.md, and the curves into bench/cost.svg
  --tiny        sizes that mean nothing, to try the command
  --adapter auto|system|swiftshader   default auto
  --help`;

const OPTIONS = {
  'full-size': { type: 'boolean' },
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
  expectNoWords(positionals);
  const adapter = adapterToMeasure(values);
  const device = await requestDevice({ adapter });
  const tiny = values.tiny ?? false;
  const say = (line: string) => stderr.write(`${line}\n`);
  const where = `${device.description}, Node ${process.versions.node}, ${systemTitle()}, ${new Date().toISOString().slice(0, 10)}`;
  const fullSize = values['full-size'] ?? false;
  const tables = fullSize ? await fullSizeTables(device, tiny, say) : await costTables(device, tiny, say);
  device.close();
  const text = [`Measured on ${where}.`, ...tables.map(markdown)].join('\n\n');
  stdout.write(`${text}\n`);
  if (!values.write) return 0;
  if (fullSize) writeBlock('bench/cost.md', 'full-size', text);
  else {
    writeFileSync(`${repositoryRoot()}bench/cost.svg`, costCurves(tables));
    writeBlock(
      'bench/cost.md',
      'measured',
      `![Time and memory over what grows, measured and by formula](cost.svg)\n\n${text}`,
    );
  }
  return 0;
};
