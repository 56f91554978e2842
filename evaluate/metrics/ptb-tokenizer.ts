/**
 * Tokens of a caption as Stanford's PTBTokenizer cuts them with `-preserveLines -lowerCase` (Penn Treebank conventions,
 * as of the releases around 3.4.1, which the COCO caption evaluation runs, American spelling included), and without
 * punctuation as that evaluation removes it.
 *
 * Like the original this is a lexer: at each place the longest match of all rules wins, of equal ones the first rule. What
 * a rule looks ahead to counts as length.
 */
import { americanise } from './americanise.ts';

/** Removed by the COCO caption evaluation. Brackets stay: it names them in capitals, and tokens are lower-case. */
const PUNCTUATION: ReadonlySet<string> = new Set("'' ' `` ` -LRB- -RRB- -LCB- -RCB- . ? ! , : - -- ... ;".split(' '));

const NO_BREAK_SPACE = '\u00A0';

const APOSTROPHE = "['\\u2019]";
const LETTER = '[\\p{L}\\p{M}]';
const LETTER_OR_DIGIT = '[\\p{L}\\p{M}\\p{Nd}]';
const NUMBER = '(?:\\d+(?:[.:,]\\d+)*|(?:[.:,]\\d+)+)';

/** Titles and other words whose full stop belongs to them, and which do not end a sentence. */
const TITLES =
  'mr|mrs|ms|[M]iss|drs?|profs?|sens?|reps?|attys?|lt|col|gen|messrs|govs?|adm|rev|maj|sgt|cpl|pvt|capt|ste?|ave|pres|' +
  'lieut|hon|brig|co?mdr|pfc|spc|supts?|det|vs|alex|wm|jos|cie|cf|treas';

/** Abbreviations that may end a sentence; the tokenizer then writes the full stop a second time. */
const ABBREVIATIONS =
  'jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|mon|tues?|wed|thu(?:rs)?|fri|' +
  'ala|ariz|[A]z|[A]rk|calif|colo|conn|ct|dak|[D]el|fla|ga|[I]ll|ind|kans?|ky|[L]a|[M]ass|md|mich|minn|[M]iss|mo|mont|' +
  'neb|nev|okla|[O]re|[P]a|penn|tenn|[T]ex|va|vt|[W]ash|wisc?|wyo|' +
  'inc|cos?|corp|ltd|plc|bancorp|dept|bhd|assn|univ|intl|sys|tel|est|ext|sq|jr|sr|bros|(?:ed|ph)\\.d|blvd|rd|esq|' +
  'etc|al|seq|bldg';

const FILE_ENDINGS =
  'bat|bmp|cgi|cpp|dll|docx?|exe|gif|gz|html?|jar|java|jpe?g|mov|mp[34]|pdf|php|png|ppt|ps|py|sql|tar|txt|wav|xml|zip|avi';

/** Words that begin a sentence after "U.S." and the like; a single letter before them is no abbreviation. */
const SENTENCE_STARTS =
  'About|According|Additionally|After|An?|As|At|But|Earlier|He|Her|Here|However|If|In|It|Last|Many|More|Now|Once|One|Other|' +
  'Our|She|Since|So|Some|Such|That|The|Their|Then|There|These|They|This|We|When|While|What|Yet|You';

interface Rule {
  /** Its first group is the match where what follows is looked ahead to and counts as length. */
  readonly pattern: RegExp;
  /** The tokens of a match; without it the match is the token. */
  readonly tokens?: (match: string) => string[];
}

/** Case does not matter, except within brackets such as `[M]`. */
const anyCase = (source: string) =>
  source.replace(/\[[A-Z]\]|\\.|[a-z]/g, (part) => (/^[a-z]$/.test(part) ? `[${part}${part.toUpperCase()}]` : part));

function rule(source: string, tokens?: Rule['tokens']): Rule {
  return { pattern: new RegExp(source, 'uy'), tokens };
}

const joined = (match: string) => [brackets(match.replaceAll(' ', NO_BREAK_SPACE))];
const plain = (match: string) => [match.replaceAll('\u2019', "'")];

const RULES: readonly Rule[] = [
  rule('<(?:[!?][A-Za-z-][^>\\n]{0,255}|\\/?[A-Za-z][\\w:.-]*(?: +[^<>\\n]{0,255})?) *\\/?>', joined),
  rule('https?:\\/\\/[^ \\t\\n\\f"<>|(){}]+[^ \\t\\n\\f"<>|.!?(){},-]'),
  rule('www\\.(?:[^ \\t\\n\\f"<>|.!?(){},]+\\.)+[a-zA-Z]{2,4}(?:\\/[^ \\t\\n\\f"<>|()]+[^ \\t\\n\\f"<>|.!?(){},-])?'),
  rule(
    '(?:[^ \\t\\n\\f"`\'<>|.!?(){},_$:;-]+\\.)+(?:com|net|org|edu)(?:\\/[^ \\t\\n\\f"<>|()]+[^ \\t\\n\\f"<>|.!?(){},-])?',
  ),
  rule(
    '[a-zA-Z0-9][^ \\t\\n\\f"<>|(){}\\u00A0]{0,255}@(?:[^ \\t\\n\\f"<>|(){}.\\u00A0]+\\.)*[^ \\t\\n\\f"<>|(){}.,;:\\[\\]\\u00A0]+',
  ),
  rule(`${LETTER_OR_DIGIT}+(?:[-._/]${LETTER_OR_DIGIT}+)*\\.(?:${anyCase(FILE_ENDINGS)})(?!${LETTER_OR_DIGIT})`),
  // Contractions; the rest of the word is a token of its own by the rules below.
  rule(`(${LETTER}+)[nN]${APOSTROPHE}[tT](?!${LETTER})`),
  rule(`[nN]${APOSTROPHE}[tT](?!${LETTER})`, plain),
  rule(`${APOSTROPHE}(?:[msdMSD]|${anyCase('re|ve|ll')})(?!${LETTER})`, plain),
  rule(`(${anyCase('can(?=not)|gon(?=na)|got(?=ta)|lem(?=me)|gim(?=me)|wan(?=na)')})${LETTER}{2,3}(?!${LETTER})`),
  rule(`[yY]${APOSTROPHE}(?=${LETTER})`, plain),
  rule(`${APOSTROPHE}[nN]${APOSTROPHE}?(?!${LETTER})`, plain),
  rule(`${APOSTROPHE}(?:${anyCase('em|til|cause')})(?!${LETTER})`, plain),
  rule(`${APOSTROPHE}\\d0[sS](?!${LETTER_OR_DIGIT})`, plain),
  rule(`[dDoOlL]${APOSTROPHE}${LETTER_OR_DIGIT}+(?:-${LETTER_OR_DIGIT}+)*`, plain),
  rule(`(?:${anyCase('ma')}${APOSTROPHE}${anyCase('am')}|${anyCase('ol')}${APOSTROPHE})(?!${LETTER})`, plain),
  // Numbers, dates, fractions, telephone numbers.
  rule('\\d{1,2}[-/]\\d{1,2}[-/]\\d{2,4}'),
  rule('(?:\\d{1,4}[- \\u00A0])?\\d{1,4}[/\\u2044]\\d{1,4}(?!\\d)', joined),
  rule('\\(\\d{2,3}\\)[ \\u00A0]?\\d{3,4}[- \\u00A0]?\\d{3,5}', joined),
  rule('(?:\\+\\+?)?(?:\\d{2,4}[- \\u00A0])?\\d{2,4}[- \\u00A0]\\d{3,4}[- \\u00A0]?\\d{3,5}', joined),
  rule(`[-+]?${NUMBER}`),
  rule(`\\(${NUMBER}\\)`, joined),
  // Words.
  rule(`${LETTER}+`, (match) => [americanise(match)]),
  rule(`${LETTER_OR_DIGIT}+(?:-${LETTER_OR_DIGIT}+)*`),
  rule('[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}(?:\\/[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}){1,2}'),
  rule(`[A-Za-z]+(?:[+&][A-Za-z]+)+`),
  rule('[A-Za-z]+(?:&amp;[A-Za-z]+)+', (match) => [match.replaceAll('&amp;', '&')]),
  rule('[cC]\\+\\+'),
  // Abbreviations. A sentence that ends in one has a full stop of its own.
  rule(`(?:${anyCase(ABBREVIATIONS)})\\.(?=\\s*$|\\s+[A-Z])`, (match) => [match, '.']),
  rule(`(?:${anyCase(ABBREVIATIONS)})\\.(?=.)`),
  // "U.S." at the end of a sentence has a second full stop; a single letter there is no abbreviation at all.
  rule(`([A-Z])\\.\\s+(?:${SENTENCE_STARTS})\\s`),
  rule(`((?:[A-Za-z]\\.){2,})\\s+(?:${SENTENCE_STARTS})\\s`, (match) => [match, '.']),
  rule(`(?:${anyCase(TITLES)}|[A-Za-z](?:\\.[A-Za-z])*)\\.`),
  rule('[A-Za-z](?:\\.[A-Za-z])+(?=\\s|$)'),
  rule(`${anyCase('(?:no|so)')}\\.(?=\\s?\\d)`),
  rule(`${LETTER}+\\.(?=[,;:])`),
  // Faces, as in ":)" and "=D".
  rule("[<>]?[:;=][-o*']?[()DPdpO\\\\{@|[\\]](?![A-Za-z0-9])", joined),
  // Marks.
  rule('"(?=[A-Za-z0-9$])', () => ['``']),
  rule(`"|''|\\u201D|\\u2019\\u2019`, () => ["''"]),
  rule('``|\\u201C', () => ['``']),
  rule(`'(?=[A-Za-z][^ \\t\\u00A0])`, () => ['`']),
  rule("'|\\u2019", () => ["'"]),
  rule('`|\\u2018', () => ['`']),
  rule('\\.{3,5}|(?:\\.[ \\u00A0]){2,4}\\.|[\\u0085\\u2026]', () => ['...']),
  rule('[?!]+'),
  rule('-+', (match) => [match.length === 3 || match.length === 4 ? '--' : match]),
  rule('[\\u0096\\u0097\\u2013\\u2014\\u2015]|&[mn]dash;', () => ['--']),
  rule('[()[\\]{}]', (match) => [brackets(match)]),
  rule('&(?:amp|lt|gt|quot);', (match) => [ENTITIES[match]]),
  rule('[\\u00A2\\u00A3\\u00A4\\u20A0\\u20AC]', (match) => [CURRENCIES[match] ?? '$']),
  rule('[\\u00BC-\\u00BE\\u2153\\u2154\\u215B-\\u215E]', (match) => [match.normalize('NFKC').replace('\u2044', '/')]),
  rule('[^\\s\\p{C}\\u{10000}-\\u{10FFFF}]'),
];

const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' };
const CURRENCIES: Readonly<Record<string, string>> = { '\u00A2': 'cents', '\u00A3': '#' };
const BRACKETS: Readonly<Record<string, string>> = {
  '(': '-LRB-',
  ')': '-RRB-',
  '[': '-LSB-',
  ']': '-RSB-',
  '{': '-LCB-',
  '}': '-RCB-',
};

function brackets(text: string): string {
  return text.replace(/[()[\]{}]/g, (bracket) => BRACKETS[bracket]);
}

/**
 * Tokens of one caption, in lower case. Line feeds count as spaces; characters beyond the first Unicode plane (emoji) and
 * control characters are dropped. A token may hold a no-break space: "1 1/2" is one.
 *
 * @param following the next line of the file, which decides whether a full stop at the very end belongs to the last word
 */
export function tokenizePtb(text: string, following = ''): string[] {
  const file = following === '' ? text : `${text}\n${following}\n`;
  const tokens: string[] = [];
  for (let at = 0; at < text.length; ) {
    const found = longestMatch(file, at);
    if (found) tokens.push(...(found.tokens?.(found.match) ?? [found.match]));
    at += found ? found.match.length : file.codePointAt(at)! > 0xffff ? 2 : 1;
  }
  return tokens.map((token) => token.toLowerCase());
}

/**
 * What the metrics of captions are given: for each caption its tokens without punctuation, separated by single spaces. The
 * captions are taken for the lines of one file, as the COCO caption evaluation passes them on.
 */
export function tokenizeCaptions(texts: readonly string[]): string[] {
  return texts.map((text, line) =>
    tokenizePtb(text, texts[line + 1])
      .filter((token) => !PUNCTUATION.has(token))
      .join(' '),
  );
}

function longestMatch(text: string, at: number): { match: string; tokens: Rule['tokens'] } | null {
  let best: { match: string; tokens: Rule['tokens'] } | null = null;
  let length = 0;
  for (const { pattern, tokens } of RULES) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null || found[0].length <= length) continue;
    length = found[0].length;
    best = { match: found[1] ?? found[0], tokens };
  }
  return best;
}
