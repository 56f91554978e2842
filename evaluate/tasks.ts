/** The tasks by the names that the command line knows. */
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
