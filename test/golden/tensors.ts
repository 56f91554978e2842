/** `tensors-full.json`: names and shapes of the full-size checkpoint, against what the default configuration asks for. */
import { join } from 'node:path';
import { parseConfig } from '../../model/config.ts';
import { namedLeaves, parameterShapes } from '../../model/parameters.ts';
import type { GoldenCase } from './case.ts';
import { equalCase, readJson } from './json.ts';

const FILE = 'tensors-full.json';

export async function checkTensors(folder: string): Promise<GoldenCase[]> {
  const stored: Record<string, number[]> = await readJson(join(folder, FILE));
  const defaults = parseConfig({ text_config: {}, vision_config: {} });
  const expected = namedLeaves(parameterShapes(defaults));
  const names = Object.keys(stored);
  const shared = names.filter((name) => expected.has(name));
  const shapesOf = (shape: (name: string) => readonly number[]) =>
    Object.fromEntries(shared.map((name) => [name, shape(name)]));
  const missing = names.filter((name) => !expected.has(name));
  const additional = [...expected.keys()].filter((name) => !(name in stored));
  return [
    equalCase(`${FILE} number of names`, expected.size, names.length),
    equalCase(`${FILE} names that the model lacks`, missing, []),
    equalCase(`${FILE} names that only the model has`, additional, []),
    equalCase(
      `${FILE} shapes of ${shared.length} names`,
      shapesOf((name) => expected.get(name)!.shape),
      shapesOf((name) => stored[name]),
    ),
  ];
}
