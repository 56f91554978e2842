/** Interleaved documents: pictures, each followed by its caption, and at the end a sentence that compares them. */
import { imageCaption } from './captions.ts';
import type { Scene } from './scene.ts';

const ORDINALS = ['first', 'second', 'third'] as const;

/** Most pictures in a document. */
export const MOST_PICTURES = ORDINALS.length;

/** The texts behind each of two or three pictures. */
export function documentTexts(scenes: readonly Scene[]): string[] {
  const captions = scenes.map((scene) => imageCaption(scene).text);
  const last = captions.length - 1;
  return captions.map((caption, i) => (i === last ? `${caption} ${comparison(scenes)}` : caption));
}

function comparison(scenes: readonly Scene[]): string {
  const counts = scenes.map(({ objects }) => objects.length);
  const most = Math.max(...counts);
  const first = counts.indexOf(most);
  if (counts.every((count) => count === most)) return 'All images have the same number of objects.';
  if (first !== counts.lastIndexOf(most))
    return `The ${ORDINALS[first]} and the ${ORDINALS[counts.lastIndexOf(most)]} image have the most objects.`;
  return `The ${ORDINALS[first]} image has the most objects.`;
}
