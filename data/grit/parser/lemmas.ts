/** Dictionary forms of words, by rules on their endings that were counted in a treebank. */

/** `2|y` cuts two characters off the end and adds a y. */
type Rule = string;

export interface LemmaRules {
  /** By part of speech and ending (also the empty one): the longest ending that is listed decides. */
  readonly rules: Readonly<Record<string, Readonly<Record<string, Rule>>>>;
  /** By part of speech: words that the rules get wrong. */
  readonly exceptions: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A word of a treebank as often as it occurs there. */
export interface LemmaExample {
  readonly form: string;
  readonly upos: string;
  readonly lemma: string;
}

const LONGEST_ENDING = 5;
/** A rule that cuts an ending has to leave so many characters: "vest" is no superlative. */
const SHORTEST_STEM = 3;

/** The dictionary form of a word: of names as they are written, else in lower case. */
export function lemmaOf({ rules, exceptions }: LemmaRules, form: string, upos: string): string {
  const written = writtenForm(form, upos);
  const exception = ownEntry(exceptions[upos], written);
  if (exception !== undefined) return exception;
  for (let length = Math.min(LONGEST_ENDING, written.length - 1); length >= 0; length--) {
    const rule = ownEntry(rules[upos], endingOf(written, length));
    const lemma = rule === undefined ? null : applied(rule, written);
    if (lemma !== null) return lemma;
  }
  return written;
}

/** The rules that get most of the examples right, and the exceptions to them. */
export function countLemmaRules(examples: Iterable<LemmaExample>): LemmaRules {
  const words = commonLemmas(examples);
  const counts = new Map<string, Map<string, number>>();
  for (const { upos, written, lemma } of words) {
    const rule = ruleFor(written, lemma);
    if (rule === null) continue;
    for (let length = 0; length <= Math.min(LONGEST_ENDING, written.length - 1); length++) {
      const key = `${upos} ${endingOf(written, length)}`;
      const ofEnding = counts.get(key) ?? new Map<string, number>();
      counts.set(key, ofEnding.set(rule, (ofEnding.get(rule) ?? 0) + 1));
    }
  }
  const rules = neededRules(counts);
  const exceptions: Record<string, Record<string, string>> = {};
  for (const { upos, written, lemma } of words) {
    if (lemmaOf({ rules, exceptions: {} }, written, upos) === lemma) continue;
    exceptions[upos] ??= {};
    exceptions[upos][written] = lemma;
  }
  return { rules, exceptions };
}

/** Each pair of word and part of speech once, with the lemma that it has most often. */
function commonLemmas(examples: Iterable<LemmaExample>): { upos: string; written: string; lemma: string }[] {
  const counts = new Map<string, Map<string, number>>();
  for (const { form, upos, lemma } of examples) {
    const key = `${upos} ${writtenForm(form, upos)}`;
    const ofWord = counts.get(key) ?? new Map<string, number>();
    counts.set(key, ofWord.set(lemma, (ofWord.get(lemma) ?? 0) + 1));
  }
  return [...counts].map(([key, lemmas]) => {
    const space = key.indexOf(' ');
    return { upos: key.slice(0, space), written: key.slice(space + 1), lemma: mostFrequent(lemmas) };
  });
}

/** The best rule of each ending, where it is another one than that of the next shorter ending, and not seen in one word alone. */
function neededRules(counts: ReadonlyMap<string, ReadonlyMap<string, number>>): Record<string, Record<string, Rule>> {
  const rules: Record<string, Record<string, Rule>> = {};
  const byLength = [...counts].sort(([a], [b]) => a.length - b.length);
  for (const [key, ofEnding] of byLength) {
    const space = key.indexOf(' ');
    const [upos, ending] = [key.slice(0, space), key.slice(space + 1)];
    const words = [...ofEnding.values()].reduce((sum, count) => sum + count, 0);
    const best = mostFrequent(ofEnding);
    rules[upos] ??= {};
    if (ending === '' || (words > 2 && best !== ruleOfShorter(rules[upos], ending))) rules[upos][ending] = best;
  }
  return rules;
}

function ruleOfShorter(rules: Readonly<Record<string, Rule>>, ending: string): Rule | undefined {
  for (let from = 1; from <= ending.length; from++) {
    const rule = ownEntry(rules, ending.slice(from));
    if (rule !== undefined) return rule;
  }
  return undefined;
}

function mostFrequent(counts: ReadonlyMap<string, number>): string {
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

function writtenForm(form: string, upos: string): string {
  return upos === 'PROPN' ? form : form.toLowerCase();
}

function endingOf(written: string, length: number): string {
  return length === 0 ? '' : written.slice(-length);
}

/** Null where the two have no beginning in common. */
function ruleFor(written: string, lemma: string): Rule | null {
  let common = 0;
  while (common < written.length && common < lemma.length && written[common] === lemma[common]) common++;
  return common === 0 ? null : `${written.length - common}|${lemma.slice(common)}`;
}

/** Null where the rule does not fit the word. */
function applied(rule: Rule, written: string): string | null {
  const bar = rule.indexOf('|');
  const cut = Number(rule.slice(0, bar));
  if (cut > 0 && written.length - cut < SHORTEST_STEM) return null;
  return written.slice(0, written.length - cut) + rule.slice(bar + 1);
}

/** Words such as "constructor" are no entries of an object. */
function ownEntry<T>(entries: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return entries !== undefined && Object.hasOwn(entries, key) ? entries[key] : undefined;
}
