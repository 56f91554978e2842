/**
 * Words of an English text as UD English-EWT cuts them: punctuation and hyphens by themselves, "don't" as "do" and "n't". Abbreviations,
 * numbers, addresses and emoticons stay whole.
 */

/** A word and where it begins, in UTF-16 units of the text. */
export interface TextWord {
  readonly form: string;
  readonly at: number;
}

/** Abbreviations that end in a full stop and are no other word without it. */
const ABBREVIATIONS = new Set(
  (
    'dr mr mrs ms st vs etc sept inc oct ft dec nov co corp rev lt jr sr gen feb jan ltd gov aug mt ave blvd rd prof capt sgt col hon ' +
    'approx dept est oz lb lbs yrs mins ext esp vol sen rep reps attn arrv tues thur thurs bros'
  ).split(' '),
);
/** Words with a hyphen behind which they go on: no words of their own. */
const HYPHEN_PREFIXES = new Set(
  'e non pre anti re mid post co pro multi ex sub semi neo counter intra un micro psycho socio bi tri'.split(' '),
);
/** Ends that are words, by what they stand behind; the longest first. */
const CLITICS = /(?:n['’`´]t|['’`´](?:s|m|ll|ve|re|d))$/i;
/** Written without an apostrophe, or grown together: the length of the first word. */
const JOINED = new Map<string, number>([
  ['cannot', 3],
  ['gonna', 3],
  ['wanna', 3],
  ['gotta', 3],
  ['dont', 2],
  ['didnt', 3],
  ['doesnt', 4],
  ['isnt', 2],
  ['wasnt', 3],
  ['arent', 3],
  ['couldnt', 5],
  ['wouldnt', 5],
  ['havent', 4],
  ['hasnt', 3],
  ['wont', 2],
  ['cant', 2],
  ['im', 1],
  ['ive', 1],
  ['youre', 3],
  ['theyre', 4],
  ['thats', 4],
  ['theres', 5],
]);

const ADDRESS = String.raw`(?:https?:\/\/|www\.|ftp:\/\/|mailto:)[^\s<>"]*[^\s<>".,;:!?)\]']|[\p{L}\d][\p{L}\d._+-]*@[\p{L}\d-]+(?:\.[\p{L}\d-]+)*`;
const EMOTICON = String.raw`[:;=]['-]?[()DPp](?![\p{L}\d])|<3(?!\d)`;
/** A.M., U.S., e.g. and single initials. */
const INITIALS = String.raw`(?:\p{L}\.){2,}(?![\p{L}\d])|\p{Lu}\.(?=\s+\p{Lu})`;
const NUMBER = String.raw`\d{3}-\d{3}-\d{4}(?!\d)|\d{3}-\d{4}(?!\d)|\d[\d.,:/]*\d(?:st|nd|rd|th|s)?(?![\p{L}\d])|\d+(?:st|nd|rd|th|s)?(?![\p{L}\d])|\.\d+(?![\p{L}\d])`;
/** 5pm and 10ft, which are two words. */
const AMOUNT = String.raw`\d[\d.,:]*(?=(?:am|pm|ft|cm|mm|km|kg|lbs?|mph|min|hrs?|oz|k|m|g)(?![\p{L}\d]))`;
const WORD = String.raw`[\p{L}\p{M}\d]+(?:['’\u0060´&][\p{L}\p{M}]+)*['’]?`;
const REPEATED = String.raw`\.{2,}|-{2,}|[!?]{2,}|\*{2,}|_{2,}|={2,}|~{2,}|''|<<|>>|…+`;
const EMOJI = String.raw`\p{Extended_Pictographic}[\p{M}\u200d\ufe0f\p{Emoji_Modifier}\p{Extended_Pictographic}]*`;

const PIECE = new RegExp(
  [ADDRESS, EMOTICON, INITIALS, AMOUNT, NUMBER, WORD, REPEATED, EMOJI, String.raw`\S`].join('|'),
  'gu',
);

/** The words of a text in their order; white space alone is in none of them. */
export function splitWords(text: string): TextWord[] {
  const words: TextWord[] = [];
  for (const { 0: form, index: at } of text.matchAll(PIECE)) {
    const last = words.at(-1);
    if (last !== undefined && joins(text, last, form, at)) {
      words[words.length - 1] = { form: last.form + form, at: last.at };
      continue;
    }
    words.push({ form, at });
  }
  return words.flatMap(parts);
}

/** Whether a piece that touches the last word belongs to it. */
function joins(text: string, last: TextWord, form: string, at: number): boolean {
  if (last.at + last.form.length !== at) return false;
  const word = last.form.toLowerCase();
  // the last full stop is that of the sentence
  if (form === '.') return ABBREVIATIONS.has(word) && /^\s*[^\s"')\]]/.test(text.slice(at + 1));
  const next = text[at + 1] ?? '';
  if (form === '-') return HYPHEN_PREFIXES.has(word) && /\p{L}/u.test(next);
  return word.endsWith('-') && HYPHEN_PREFIXES.has(word.slice(0, -1));
}

/** A word that stands for several. */
function parts({ form, at }: TextWord): TextWord[] {
  const cut = cutOf(form);
  if (cut === null) return [{ form, at }];
  const head = { form: form.slice(0, cut), at };
  return [...parts(head), { form: form.slice(cut), at: at + cut }];
}

/** Where a word falls apart, from its end. */
function cutOf(form: string): number | null {
  if (form.length === 1 || !/\p{L}/u.test(form)) return null;
  const joined = JOINED.get(form.toLowerCase());
  if (joined !== undefined) return joined;
  const clitic = CLITICS.exec(form);
  if (clitic !== null && clitic.index > 0) return clitic.index;
  // a plural's possessive, and closing quotation marks
  return /['’]$/.test(form) ? form.length - 1 : null;
}
