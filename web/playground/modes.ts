/** What one can ask of the model, each with the prompt that the paper gives it. */
import type { Box } from '../../index.ts';
import type { Question } from './messages.ts';

export type ModeName = 'caption' | 'find' | 'point' | 'ask' | 'prompt';

export interface Mode {
  readonly name: ModeName;
  readonly label: string;
  readonly help: string;
  /** Of the text field; null for none. */
  readonly field: string | null;
  readonly needsBox: boolean;
  /** What stands above the answer. */
  title(text: string): string;
  prompt(text: string): string;
  /** Words after which the answer begins, where the prompt is not to be repeated. */
  readonly answerBehind?: string;
}

const ANSWER = 'Answer:';

export const MODES: readonly Mode[] = [
  {
    name: 'caption',
    label: 'Describe',
    help: 'A sentence about the picture. Phrases that it knows a place for are coloured.',
    field: null,
    needsBox: false,
    title: () => 'What is there?',
    prompt: () => '<grounding>An image of',
  },
  {
    name: 'find',
    label: 'Find',
    help: 'Where is what these words name?',
    field: 'Words for something in the picture',
    needsBox: false,
    title: (text) => `Where is ${text}?`,
    prompt: (text) => `<grounding><phrase>${text}</phrase>`,
  },
  {
    name: 'point',
    label: 'Point',
    help: 'What is in the box that you draw on the picture?',
    field: null,
    needsBox: true,
    title: () => 'What is this?',
    prompt: () => 'What is <phrase>it</phrase>? It is',
    answerBehind: 'What is it?',
  },
  {
    name: 'ask',
    label: 'Question',
    help: 'A question about the picture, answered in a word or a few.',
    field: 'Question',
    needsBox: false,
    title: (text) => text,
    prompt: (text) => `Question: ${text} ${ANSWER}`,
    answerBehind: ANSWER,
  },
  {
    name: 'prompt',
    label: 'Prompt',
    help: 'Anything, with the tags of the model: <grounding> makes it say where things are, <phrase>…</phrase> marks words.',
    field: 'Prompt, which the model goes on with',
    needsBox: false,
    title: (text) => text,
    prompt: (text) => text,
  },
];

/** @throws Error saying what is missing */
export function questionOf(mode: Mode, text: string, box: Box | null): Pick<Question, 'prompt' | 'boxes'> {
  const words = text.trim();
  if (mode.field && words === '') throw new Error(`${mode.field}: this is empty`);
  if (mode.name === 'find' && /[<>]/.test(words)) throw new Error('words to find have no < or > in them');
  if (!mode.needsBox) return { prompt: mode.prompt(words) };
  if (!box) throw new Error('Draw a box on the picture first: drag over it, or go to it with Tab and press Enter');
  return { prompt: mode.prompt(words), boxes: [[{ box }]] };
}
