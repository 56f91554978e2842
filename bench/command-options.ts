/** Options that several commands of the bench share, checked. */
import { UsageError } from '../cli/command.ts';
import { oneOf } from '../cli/options.ts';
import type { AdapterChoice } from '../engine/index.ts';

export function expectNoWords(positionals: readonly string[]): void {
  if (positionals.length > 0) throw new UsageError(`no word but options is expected, found ${positionals.join(' ')}`);
}

/** The adapter to measure on. What is measured at sizes that mean nothing is not for keeping. */
export function adapterToMeasure(values: { tiny?: boolean; write?: boolean; adapter?: string }): AdapterChoice {
  if (values.tiny && values.write) throw new UsageError('--tiny and --write exclude each other');
  return oneOf('--adapter', values.adapter, ['auto', 'system', 'swiftshader']);
}
