/** The model that a command works with: the one that was named, or the one that ships. */
import { type AdapterChoice, Kosmos, type WeightDType } from '../index.ts';
import type { Terminal } from './command.ts';
import { shippedModelFolder } from './package.ts';
import type { Progress } from './progress.ts';

export interface ModelChoice {
  /** A folder or a model of the hub; null for the one that ships with the package. */
  readonly model: string | null;
  readonly dtype: WeightDType;
  readonly adapter: AdapterChoice;
}

export async function loadModel(
  { model, adapter, dtype }: ModelChoice,
  progress: Progress,
  { stderr, signal }: Terminal,
): Promise<Kosmos> {
  if (model === null)
    stderr.write(
      'No --model: the small one that ships with this package, which knows drawings of coloured shapes and nothing else.\n',
    );
  return Kosmos.load(model ?? (await shippedModelFolder()), {
    adapter,
    dtype,
    signal,
    onProgress: ({ stage, bytes, totalBytes }) =>
      progress.report(stage === 'download' ? 'downloading' : 'loading weights', bytes, totalBytes, 'bytes'),
    onCompile: (done, all) => progress.report('compiling kernels', done, all),
  });
}
