/** The command that profiles a training step or an answer. */
import { type Command, UsageError } from '../../cli/command.ts';
import { parseWords, wholeNumber } from '../../cli/options.ts';
import { requestDevice } from '../../engine/index.ts';
import { repositoryRoot } from '../../test/shared.ts';
import { adapterToMeasure } from '../command-options.ts';
import { kernelTable, planTable } from './tables.ts';
import { profileAnswer, profileStep } from './works.ts';

const HELP = `Usage: tsx bench/profile.ts train [CONFIG] [options]
       tsx bench/profile.ts infer [PICTURE] [options]

Prints which kernels an optimiser step in which every source of a configuration takes part (default configs/shapes.json), or an answer about a picture
(default the one of the demo), spends its time in, by the device's own clock. Everything ran before, so nothing is compiled meanwhile.

  --model FOLDER   for infer; default the model that ships
  --ops            a line for each op and its shapes, not for each kernel
  --top N          so many lines; default 25
  --adapter auto|system|swiftshader   default auto
  --json           one JSON document on standard output
  --help`;

const OPTIONS = {
  model: { type: 'string' },
  ops: { type: 'boolean' },
  top: { type: 'string' },
  adapter: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const profile: Command = async (words, { stdout }) => {
  const { values, positionals } = parseWords(words, OPTIONS);
  if (values.help) {
    stdout.write(`${HELP}\n`);
    return 0;
  }
  const [work, given, ...more] = positionals;
  if (!['train', 'infer'].includes(work) || more.length > 0)
    throw new UsageError(
      `train or infer, and at most one file, is expected, found ${positionals.join(' ') || 'nothing'}`,
    );
  if (values.model && work === 'train') throw new UsageError('--model is for infer');
  const top = wholeNumber('--top', values.top, 1) ?? 25;
  const device = await requestDevice({ adapter: adapterToMeasure(values) });
  const root = repositoryRoot();
  const profiled =
    work === 'train'
      ? await profileStep(device, given ?? `${root}configs/shapes.json`)
      : await profileAnswer(device, values.model ?? `${root}demo/model`, given ?? `${root}demo/scene.png`);
  const { description } = device;
  device.close();
  stdout.write(
    values.json
      ? `${JSON.stringify({ adapter: description, ...profiled }, null, 2)}\n`
      : `${description}\n\n${planTable(profiled)}\n\n${kernelTable(profiled.kernels, { top, ops: values.ops ?? false })}\n`,
  );
  return 0;
};
