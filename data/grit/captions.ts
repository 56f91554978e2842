/** Captions that the pipeline cannot use, or that people want to know of. */
import type { ProblemKind } from './problems.ts';
import { countCodePoints } from './spans.ts';

/** Code points; the longest captions of the published data have a few hundred. */
export const LONGEST_CAPTION = 5000;

const CONTROL = /[\p{Cc}\p{Cs}\ufffd]/u;
/** White space that does no harm. */
const HARMLESS = /[\t\n\r]/g;
/** The beginning of a tag, an end tag or a declaration with its end; "a < b" is none. */
const TAG = /<[/!]?\p{L}[^<>]*>/u;
/** Emoji that are shown as such by default, or are asked to be; digits and © are not meant. */
const EMOJI = /\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u;
const LETTERS = /\p{L}/gu;
const LATIN_LETTERS = /\p{Script=Latin}/gu;

/** What is wrong with a caption that has to be dropped; null for one that can be used. */
export function captionFault(caption: string): ProblemKind | null {
  if (caption.length > LONGEST_CAPTION && countCodePoints(caption) > LONGEST_CAPTION) return 'caption-too-long';
  if (!/\S/u.test(caption)) return 'caption-empty';
  if (CONTROL.test(caption.replaceAll(HARMLESS, ' '))) return 'caption-control';
  if (TAG.test(caption)) return 'caption-markup';
  const letters = caption.match(LETTERS)?.length ?? 0;
  const latin = caption.match(LATIN_LETTERS)?.length ?? 0;
  return latin * 2 < letters ? 'caption-other-script' : null;
}

export function hasEmoji(caption: string): boolean {
  return EMOJI.test(caption);
}
