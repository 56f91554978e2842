/** The command that times tiles and writes the table of defaults. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from '../../cli/command.ts';
import { parseWords } from '../../cli/options.ts';
import { requestDevice } from '../../engine/index.ts';
import { familiesOf, type TileTable } from '../../kernels/tiles.ts';
import { tunedTiles } from '../../kernels/tuned-tiles.ts';
import { repositoryRoot } from '../../test/shared.ts';
import { adapterToMeasure, expectNoWords } from '../command-options.ts';
import { type ClassTimes, timeTiles } from './tiles.ts';

const HELP = `Usage: tsx bench/autotune.ts [options]

Times the tiles of the matrix product in workgroup memory (at most 15) on this adapter, on shapes of three classes (few rows, small, large), checks each
result, and prints times and the fastest of each class. They are for GPUs: software adapters take kernels without tiles.

  --write     keep the fastest as the defaults of the adapter's family, in kernels/tuned-tiles.ts
  --family NAME   under this name; default the vendor and architecture that the adapter tells
  --tiny      sizes that mean nothing, to try the command
  --adapter auto|system|swiftshader   default auto
  --json      one JSON document on standard output
  --help`;

const OPTIONS = {
  write: { type: 'boolean' },
  family: { type: 'string' },
  tiny: { type: 'boolean' },
  adapter: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const autotune: Command = async (words, { stdout, stderr }) => {
  const { values, positionals } = parseWords(words, OPTIONS);
  if (values.help) {
    stdout.write(`${HELP}\n`);
    return 0;
  }
  expectNoWords(positionals);
  const adapter = adapterToMeasure(values);
  const device = await requestDevice({ adapter, kernels: 'gpu' });
  const { description } = device;
  const info = device.gpu.adapterInfo;
  const family = values.family ?? familiesOf(info)[0] ?? null;
  const classes = await timeTiles(device, values.tiny ?? false, (line) => stderr.write(`${line}\n`));
  device.close();
  const table = Object.fromEntries(classes.map(({ name, times }) => [name, times[0].tile])) as unknown as TileTable;
  const report = { adapter: description, family, classes, table };
  stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : `${description}\n\n${timesTable(classes)}\n`);
  if (values.write) {
    if (!family) throw new Error('the adapter tells neither vendor nor architecture; name its family by --family');
    writeTuned({ ...tunedTiles, [family]: table });
    stderr.write(`wrote kernels/tuned-tiles.ts: «${family}»\n`);
  }
  return 0;
};

/** In Markdown, the fastest first. */
function timesTable(classes: readonly ClassTimes[]): string {
  const lines = classes.flatMap(({ name, times }) =>
    times.map(({ tile, gflops, slowdown, deviation }) => {
      const { rows, columns, depth, threadRows, threadColumns } = tile;
      const cells = [
        name,
        `${rows} × ${columns} × ${depth}`,
        `${threadRows} × ${threadColumns}`,
        gflops.map((value) => value.toPrecision(4)).join(', '),
        slowdown.toFixed(2),
        deviation.toExponential(1),
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  );
  const head =
    '| class | tile and depth | each thread | GFLOP/s on each shape | time ÷ the best | off by |\n|---|---|---|---|---|---|';
  const shapes = classes.map(({ name, shapes: own }) => `${name}: ${own.join('; ')}`);
  return [...shapes, '', head, ...lines].join('\n');
}

function writeTuned(tables: Readonly<Record<string, TileTable>>): void {
  const path = `${repositoryRoot()}kernels/tuned-tiles.ts`;
  const text = readFileSync(path, 'utf8');
  const from = text.indexOf('export const tunedTiles');
  if (from < 0) throw new Error(`${path} has no table «tunedTiles»`);
  const families = Object.entries(tables).map(([family, table]) => {
    const lines = Object.entries(table).map(([name, tile]) => `    ${name}: ${objectText(tile)},`);
    return `  '${family}': {\n${lines.join('\n')}\n  },`;
  });
  writeFileSync(
    path,
    `${text.slice(0, from)}export const tunedTiles: Readonly<Record<string, TileTable>> = {\n${families.join('\n')}\n};\n`,
  );
}

function objectText(values: object): string {
  const fields = Object.entries(values).map(([name, value]) => `${name}: ${value}`);
  return `{ ${fields.join(', ')} }`;
}
