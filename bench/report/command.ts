/** The command that writes the tables of results into the pages that quote them. */
import type { Command } from '../../cli/command.ts';
import { parseWords } from '../../cli/options.ts';
import { repositoryRoot } from '../../test/shared.ts';
import { writeBlock } from '../blocks.ts';
import { expectNoWords } from '../command-options.ts';
import { newestRecords } from './records.ts';
import { overviewTable, resultSections, timesTable } from './tables.ts';

const HELP = `Usage: tsx bench/report.ts [--check]

Reads bench/results/*.json, of each adapter and host the newest, and writes their tables into bench/README.md (all of it), README.md and docs/comparison.md
(an overview), so that no figure there is typed by hand.

  --check    write nothing; print the tables
  --help`;

const OPTIONS = { check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;

export const report: Command = async (words, { stdout }) => {
  const { values, positionals } = parseWords(words, OPTIONS);
  if (values.help) {
    stdout.write(`${HELP}\n`);
    return 0;
  }
  expectNoWords(positionals);
  const folder = `${repositoryRoot()}bench/results`;
  const records = newestRecords(folder);
  if (records.length === 0) throw new Error(`${folder} has no results; make some by \`npm run bench -- --results\``);
  const blocks = [
    { path: 'bench/README.md', name: 'results', text: resultSections(records) },
    { path: 'README.md', name: 'bench', text: overviewTable(records) },
    { path: 'docs/comparison.md', name: 'speed', text: timesTable(records[0]) },
  ];
  for (const { path, name, text } of blocks) {
    if (values.check) stdout.write(`<!-- ${path}: ${name} -->\n\n${text}\n\n`);
    else writeBlock(path, name, text);
  }
  return 0;
};
