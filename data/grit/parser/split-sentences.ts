/** Sentences of a text whose words are cut. */
import type { TextWord } from './split-words.ts';

/** Signs that end a sentence, and those that may stand behind them in it. */
const ENDS = /^[.!?…]+$/;
/** May be the end of a sentence, or a pause in it. */
const PAUSE = /^(?:\.{2,}|…+)$/;
const CLOSING = /^["'”’)\]]+$/;

/** Words that go into one sentence at most; the tree of a longer one takes long to find and is worth little. */
export const LONGEST_SENTENCE = 200;

/** Ranges of words: a sentence ends behind a full stop, question or exclamation mark, and with a line that is followed by an empty one. */
export function splitSentences(text: string, words: readonly TextWord[]): TextWord[][] {
  const sentences: TextWord[][] = [];
  let current: TextWord[] = [];
  for (const [i, word] of words.entries()) {
    current.push(word);
    if (current.length < LONGEST_SENTENCE && !endsSentence(text, words, i)) continue;
    sentences.push(current);
    current = [];
  }
  if (current.length > 0) sentences.push(current);
  return sentences;
}

function endsSentence(text: string, words: readonly TextWord[], at: number): boolean {
  const word = words[at]!;
  const next = words[at + 1];
  if (next === undefined) return true;
  const gap = text.slice(word.at + word.form.length, next.at);
  if (/\n\s*\n/.test(gap)) return true;
  if (gap === '' && !CLOSING.test(word.form)) return false;
  if (CLOSING.test(word.form)) return at > 0 && gap !== '' && ENDS.test(words[at - 1]!.form) && beginsSentence(next);
  if (CLOSING.test(next.form) && gap === '') return false;
  if (PAUSE.test(word.form)) return /^\p{Lu}/u.test(next.form);
  return ENDS.test(word.form) && beginsSentence(next);
}

/** Captions often begin in lower case, so that only a comma or its like says that a sentence goes on. */
function beginsSentence({ form }: TextWord): boolean {
  return !/^[,;:)\]]/.test(form);
}
