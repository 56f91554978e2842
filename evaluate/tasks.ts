/** The tasks by the names that the command line knows. */
import { shapesChoices } from './shapes/choosing.ts';
import { isShapesData } from './shapes/data.ts';
import { SHAPES_WRITING } from './shapes/writing.ts';
import type { Task } from './task.ts';
import { captioning } from './tasks/captioning.ts';
import { languageTasks, seedBench } from './tasks/choices.ts';
import { comprehension } from './tasks/comprehension.ts';
import { generation } from './tasks/generation.ts';
import { phraseGrounding } from './tasks/phrase-grounding.ts';
import { vqa } from './tasks/vqa.ts';

export const TASKS: Readonly<Record<string, Task>> = {
  'phrase-grounding': phraseGrounding,
  comprehension,
  generation,
  captioning,
  vqa,
  ...languageTasks,
  'seed-bench': seedBench,
};

/** What takes their place with data of the shapes world. */
export const SHAPES_TASK_TABLE: Readonly<Record<string, Task>> = { ...SHAPES_WRITING, 'seed-bench': shapesChoices };

/** The task of a name for some data; null where there is none. */
export function taskFor(name: string, data: string): Task | null {
  const table = isShapesData(data) ? SHAPES_TASK_TABLE : TASKS;
  return Object.hasOwn(table, name) ? table[name] : null;
}
