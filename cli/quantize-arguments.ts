/** The words of `quantize`'s command line, checked. */
import { defaultGroup } from '../model/index.ts';
import { UsageError } from './command.ts';
import { oneOf, parseWords, wholeNumber } from './options.ts';

export const QUANTIZE_HELP = `Usage: quantize MODEL --bits 4|8 --out FOLDER [--group N] [--json]

Makes a smaller model for use from MODEL, a folder in the Hugging Face layout or owner/name of a model of the hub: the matrices
of its linear layers in int4 or int8, ${defaultGroup} elements along a row with a scale in f16. The embedding, which is the output projection too,
gets int8 in both cases; the rest stays as it is, in f16 at most. infer and evaluate take the new folder
as --model, grit as --grounder kosmos:FOLDER. It cannot be trained.

  --bits 4|8     of an element
  --out FOLDER   a folder that does not exist yet; it appears when it is complete
  --group N      elements that share a scale: a multiple of 8 that divides the rows of all matrices; default ${defaultGroup}
  --json         print one JSON document and nothing else
  --help

Exit code: 0 done, 1 it failed or was interrupted, 2 wrong usage.`;

export interface QuantizeArguments {
  readonly model: string;
  readonly bits: 4 | 8;
  readonly out: string;
  readonly group: number;
  readonly json: boolean;
}

/** @throws UsageError that names the word at fault */
export function parseQuantizeArguments(words: readonly string[]): QuantizeArguments | 'help' {
  const { values, positionals } = parseWords(words, {
    bits: { type: 'string' },
    out: { type: 'string' },
    group: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const);
  if (values.help) return 'help';
  const [model] = positionals;
  if (positionals.length !== 1 || model === '')
    throw new UsageError(`one model is expected, not ${positionals.length === 1 ? '""' : positionals.length}`);
  if (values.bits === undefined) throw new UsageError('--bits 4 or --bits 8 is needed');
  if (!values.out) throw new UsageError('--out FOLDER is needed');
  const group = wholeNumber('--group', values.group, 8) ?? defaultGroup;
  if (group % 8 !== 0) throw new UsageError(`--group takes a multiple of 8, not ${group}`);
  return {
    model,
    bits: oneOf('--bits', values.bits, ['4', '8']) === '4' ? 4 : 8,
    out: values.out,
    group,
    json: values.json ?? false,
  };
}
