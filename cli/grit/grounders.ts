/** The grounder that a command line names. */
import { type Grounder, ModelGrounder, openDetections, openZeroShot, type Problems } from '../../data/grit/index.ts';
import type { Terminal } from '../command.ts';
import type { GrounderChoice } from '../grit-arguments.ts';
import { loadModel } from '../model.ts';
import { Progress } from '../progress.ts';
import { PhraseFinder } from './phrase-finder.ts';

export interface OpenGrounder {
  readonly grounder: Grounder;
  /** For people, and for the sheet. */
  readonly name: string;
}

/** @param problems is told of rows of a file of detections that cannot be used */
export async function openGrounder(
  choice: GrounderChoice,
  workers: number | undefined,
  problems: Problems,
  terminal: Terminal,
): Promise<OpenGrounder> {
  if (choice.kind === 'file') return { grounder: await openDetections(choice.path, problems), name: choice.path };
  if (choice.kind === 'detector') {
    const { model, dtype } = choice;
    return { grounder: await openZeroShot(model, { dtype }), name: model };
  }
  const progress = new Progress(terminal.stderr);
  const kosmos = await loadModel(choice, progress, terminal);
  progress.clear();
  const { batch, dtype } = choice;
  try {
    const finder = await PhraseFinder.open(kosmos, dtype, { batch, signal: terminal.signal });
    return { grounder: new ModelGrounder(finder, { workers }), name: `${kosmos.folder} on ${kosmos.adapter}` };
  } catch (error) {
    kosmos.close();
    throw error;
  }
}
