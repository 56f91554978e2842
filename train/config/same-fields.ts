/** Whether a run goes on with the configuration that its checkpoint is of. */
import type { Json } from './fields.ts';

/**
 * Compares what decides on a run.
 *
 * @throws Error that names the folder of the checkpoint and the first field that differs, and gives the advice
 */
export function checkSameFields(before: Json, now: Json, folder: string, advice: string): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const [was, is] = [before, now].map((fields) => JSON.stringify(fields[name]) ?? 'absent');
    if (was !== is)
      throw new Error(
        `${folder} is a checkpoint of another configuration: ${name} was ${was}, now it is ${is}; ${advice}`,
      );
  }
}
