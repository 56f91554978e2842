/** The command `quantize`: int4 or int8 weights for use. */
import { type QuantizeReport, quantizeModel, resolveModelFolder } from '../model/index.ts';
import type { Terminal } from './command.ts';
import { showBytes } from './format.ts';
import { Progress } from './progress.ts';
import { parseQuantizeArguments, QUANTIZE_HELP } from './quantize-arguments.ts';

/** @returns the exit code; errors are thrown */
export async function quantize(words: readonly string[], { stdout, stderr, signal }: Terminal): Promise<number> {
  const given = parseQuantizeArguments(words);
  if (given === 'help') {
    stdout.write(`${QUANTIZE_HELP}\n`);
    return 0;
  }
  const { model, out, bits, group, json } = given;
  const progress = new Progress(stderr);
  try {
    const folder = await resolveModelFolder(model, {
      signal,
      onProgress: ({ bytes, totalBytes }) => progress.report('downloading', bytes, totalBytes, 'bytes'),
    });
    const report = await quantizeModel(folder, out, {
      bits,
      group,
      signal,
      onProgress: (bytes, totalBytes) => progress.report('quantising', bytes, totalBytes, 'bytes'),
    });
    progress.clear();
    stdout.write(json ? `${JSON.stringify(report)}\n` : describeReport(report));
    return 0;
  } finally {
    progress.clear();
  }
}

function describeReport({ folder, bits, group, matrices, bytesBefore, bytesAfter, change }: QuantizeReport): string {
  return (
    `${matrices} matrices in int${bits}, groups of ${group}; their elements moved by ${(100 * change).toFixed(2)} % (root mean square)\n` +
    `weights: ${showBytes(bytesBefore)} became ${showBytes(bytesAfter)}\n` +
    `wrote ${folder}\n`
  );
}
