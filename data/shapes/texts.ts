/** Texts about one picture, each with a prompt and the response to it, as tagged strings. */

import { REFERRING_TEMPLATES } from '../corpora/grounded-instruction.ts';
import type { Random } from '../random.ts';
import { joinParts, type PhrasedText, taggedText } from './caption-text.ts';
import { brieflyCaptioned, captionedInDetail, DETAIL_PROMPT, imageCaption } from './captions.ts';
import { expressionFor, expressionText } from './expressions.ts';
import { QUESTION_TYPES, questionAbout, questionPrompt } from './questions.ts';
import { regionDescription, regionPrompt } from './referring.ts';
import type { Scene } from './scene.ts';

export const TEXT_KINDS = [
  'caption',
  'groundedCaption',
  'detail',
  'comprehension',
  'grounding',
  'referring',
  'question',
] as const;
export type TextKind = (typeof TEXT_KINDS)[number];

/** Tagged text. What a model is to write is `response`; a caption has no prompt. */
export interface PictureText {
  readonly kind: TextKind;
  readonly prompt: string;
  readonly response: string;
}

export const GROUNDING = '<grounding>';

/** The whole of it, as it is tokenised. */
export function wholeText({ prompt, response }: Pick<PictureText, 'prompt' | 'response'>): string {
  return prompt === '' || response.startsWith('<') ? prompt + response : `${prompt} ${response}`;
}

/** A text of a kind; null when the scene has none (nothing that can be singled out, say). */
export function makePictureText(scene: Scene, kind: TextKind, random: Random, gridSize: number): PictureText | null {
  const made = MAKERS[kind](scene, random, gridSize);
  return made && { kind, ...made };
}

type PromptAndResponse = Pick<PictureText, 'prompt' | 'response'>;
type Maker = (scene: Scene, random: Random, gridSize: number) => PromptAndResponse | null;

const MAKERS: Readonly<Record<TextKind, Maker>> = {
  caption: (scene, random) => ({ prompt: '', response: brieflyCaptioned(scene, random).text }),
  groundedCaption: (scene, random, gridSize) => ({
    prompt: '',
    response: GROUNDING + taggedText(brieflyCaptioned(scene, random), gridSize),
  }),
  detail: (scene, random, gridSize) => {
    const caption = captionedInDetail(scene);
    if (random.chance(0.3)) return { prompt: DETAIL_PROMPT, response: caption.text };
    return { prompt: GROUNDING + DETAIL_PROMPT, response: taggedText(caption, gridSize) };
  },
  comprehension: (scene, random, gridSize) => {
    const object = random.pick(scene.objects);
    const expression = expressionFor(scene, object, random);
    if (!expression) return null;
    return findPhrase(joinParts([{ phrase: expressionText(expression), objects: [object] }]), 0, gridSize);
  },
  grounding: (scene, random, gridSize) => {
    const caption = imageCaption(scene);
    return findPhrase(caption, random.below(caption.phrases.length), gridSize);
  },
  referring: (scene, random, gridSize) => {
    const object = random.pick(scene.objects);
    const prompt = taggedText(regionPrompt(object, random.pick(REFERRING_TEMPLATES)), gridSize);
    return {
      prompt: random.chance(0.5) ? GROUNDING + prompt : prompt,
      response: `${regionDescription(scene, object)}.`,
    };
  },
  question: (scene, random, gridSize) => {
    const object = random.pick(scene.objects);
    const question = firstOf(random.shuffled(QUESTION_TYPES), (type) => questionAbout(scene, object, type, random));
    if (!question) return null;
    const prompt = questionPrompt(question.question);
    if (question.subject === undefined || random.chance(0.5)) return { prompt, response: question.answer };
    return {
      prompt: GROUNDING + prompt,
      response: taggedText(joinParts([{ phrase: question.subject, objects: [object] }]), gridSize),
    };
  },
};

/** The prompt that asks where the objects of a phrase are, given the text before it; the response is their boxes. */
export function phrasePrompt(before: string, phrase: string): string {
  return `${GROUNDING}${before}<phrase>${phrase}</phrase>`;
}

function findPhrase({ text, phrases }: PhrasedText, index: number, gridSize: number): PromptAndResponse {
  const { span, boxes } = phrases[index];
  const [start, end] = span;
  const phrase = text.slice(start, end);
  const tagged = taggedText({ text: phrase, phrases: [{ span: [0, phrase.length], boxes }] }, gridSize);
  return { prompt: phrasePrompt(text.slice(0, start), phrase), response: tagged.slice(tagged.indexOf('<object>')) };
}

/** The first result that is not null. */
function firstOf<T, R>(list: readonly T[], make: (value: T) => R | null): R | null {
  for (const value of list) {
    const made = make(value);
    if (made !== null) return made;
  }
  return null;
}
