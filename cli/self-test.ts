/** The command `selftest`: does this machine's adapter compute what it should? */
import type { AdapterChoice } from '../engine/index.ts';
import { formatOpReport, selfTest } from '../engine/self-test.ts';
import { type Terminal, UsageError } from './command.ts';
import { oneOf, parseWords } from './options.ts';

export const SELF_TEST_HELP = `Usage: selftest [--adapter auto|system|swiftshader] [--kernels gpu|software] [--op NAME]… [--json]

Runs the test cases of every op of the engine on this machine's adapter and holds the results against float64. One line an op: how many cases,
and the worst deviation, relative to the largest value. --kernels forces the kernels that are meant for GPUs or for software adapters.

Exit code: 0 all ops work, 1 one does not, 2 wrong usage.`;

/** @returns the exit code; errors are thrown */
export async function selfTestCommand(words: readonly string[], { stdout }: Terminal): Promise<number> {
  const { values, positionals } = parseWords(words, {
    adapter: { type: 'string' },
    kernels: { type: 'string' },
    op: { type: 'string', multiple: true },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const);
  if (values.help) {
    stdout.write(`${SELF_TEST_HELP}\n`);
    return 0;
  }
  if (positionals.length > 0) throw new UsageError(`${JSON.stringify(positionals[0])} is not expected`);
  const report = await selfTest({
    adapter: oneOf<AdapterChoice>('--adapter', values.adapter, ['auto', 'system', 'swiftshader']),
    kernels:
      values.kernels === undefined
        ? undefined
        : oneOf<'gpu' | 'software'>('--kernels', values.kernels, ['gpu', 'software']),
    ops: values.op,
    onOp: (op) => values.json || stdout.write(`${formatOpReport(op)}\n`),
  });
  const failed = report.ops.filter(({ failures }) => failures.length > 0).length;
  if (values.json) stdout.write(`${JSON.stringify(report)}\n`);
  else
    stdout.write(
      `${report.ops.length - failed} of ${report.ops.length} ops work on ${report.adapter}, with the kernels for ${report.kernels === 'gpu' ? 'GPUs' : 'software adapters'}\n`,
    );
  return report.passed ? 0 : 1;
}
