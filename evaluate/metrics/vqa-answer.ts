/**
 * Normalisation of answers as the official VQA evaluation does it (`vqaEval.py`), its oddities included: they are part
 * of the published figures.
 */
import { splitAtWhiteSpace, strip } from '../../data/white-space.ts';

/** The program's list; the apostrophe, the colon and the full stop are not in it. */
const PUNCTUATION = [...';/[]"{}()=+\\_-><@`,?!'];

/** A comma between digits: then all punctuation is deleted instead of replaced by a space. */
const DIGIT_COMMA = /\p{Nd},\p{Nd}/u;

const FULL_STOP = /\.(?!\p{Nd})/gu;

/** At most so many full stops are removed: the program passes a flag where the count belongs. */
const MOST_FULL_STOPS = 32;

const NUMBER_WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const NUMBERS = new Map([['none', '0'], ...NUMBER_WORDS.map((word, value): [string, string] => [word, String(value)])]);

const ARTICLES = new Set(['a', 'an', 'the']);

/** Forms that are restored when one of their apostrophes is missing. */
const CONTRACTED = `
  ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd he'd've he's
  how'd how'll how's isn't it'd it'd've it'll ma'am mightn't mightn't've might've mustn't must've needn't not've o'clock
  oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll somebody's someone'd
  someone'd've someone'll someone's something'd something'd've something'll that's there'd there'd've there're there's
  they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll what're what's what've when's
  where'd where's where've who'd who'd've who'll who's who've why'll why're why's won't would've wouldn't wouldn't've
  y'all y'all'll y'all'd've you'd you'd've you'll you're you've`;

const CONTRACTIONS = contractions();

/** From a form without one of its apostrophes to the form. */
function contractions(): ReadonlyMap<string, string> {
  const table = new Map<string, string>();
  for (const form of splitAtWhiteSpace(CONTRACTED)) {
    for (let at = form.indexOf("'"); at >= 0; at = form.indexOf("'", at + 1)) {
      table.set(form.slice(0, at) + form.slice(at + 1), form);
    }
  }
  // One entry of the program's table is the wrong way round.
  return table.set("somebody'd", 'somebodyd');
}

/** Line feeds and tabs as spaces, white space at the ends gone. */
export function cleanAnswer(answer: string): string {
  return strip(answer.replace(/[\n\t]/g, ' '));
}

/** The punctuation step. */
export function removePunctuation(answer: string): string {
  const hasDigitComma = DIGIT_COMMA.test(answer);
  let text = answer;
  for (const mark of PUNCTUATION) {
    const isDeleted = hasDigitComma || answer.includes(`${mark} `) || answer.includes(` ${mark}`);
    text = text.replaceAll(mark, isDeleted ? '' : ' ');
  }
  let removed = 0;
  return text.replace(FULL_STOP, (stop) => (removed++ < MOST_FULL_STOPS ? '' : stop));
}

/** The second step: lower case, number words as digits, articles dropped, apostrophes restored. */
export function normaliseWords(answer: string): string {
  return splitAtWhiteSpace(answer.toLowerCase())
    .map((word) => NUMBERS.get(word) ?? word)
    .filter((word) => !ARTICLES.has(word))
    .map((word) => CONTRACTIONS.get(word) ?? word)
    .join(' ');
}

/** Both steps. */
export function normaliseAnswer(answer: string): string {
  return normaliseWords(removePunctuation(answer));
}
