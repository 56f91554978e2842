/** Parses of the captions of scenes, by their few rules, so that tests of what comes behind the parser need no weights. */
import type { Analyzer } from '../../../data/grit/analyzer.ts';
import { analyzePairs } from '../../../data/grit/analyzer.ts';
import type { ParsedCaption, Token } from '../../../data/grit/parse.ts';

const TAGS: Readonly<Record<string, string>> = {
  There: 'PRON',
  is: 'VERB',
  are: 'VERB',
  a: 'DET',
  an: 'DET',
  and: 'CCONJ',
  ',': 'PUNCT',
  '.': 'PUNCT',
};
const NUMBERS = new Set(['two', 'three', 'four', 'five', 'six']);
const NOUN = /^(circle|square|triangle|star|ring|cross|heart|diamond)(e?s)?$/;

/** `There is a red star and two blue rings.`: nouns are the subject and its conjuncts, what stands before one depends on it. */
export function parseSceneCaption(id: string, caption: string): ParsedCaption {
  const words = [...caption.matchAll(/\w+|[,.]/g)];
  const nouns = words.flatMap(([form], i) => (NOUN.test(form) ? [i] : []));
  const tokens = words.map(({ 0: form, index }, i): Token => {
    const isNoun = nouns.includes(i);
    const upos = TAGS[form] ?? (isNoun ? 'NOUN' : NUMBERS.has(form) ? 'NUM' : 'ADJ');
    const next = nouns.find((noun) => noun > i) ?? 1;
    const before = { PRON: ['expl', 1], VERB: ['root', -1], NOUN: i === nouns[0] ? ['nsubj', 1] : ['conj', nouns[0]] };
    const relations = { DET: 'det', NUM: 'nummod', ADJ: 'amod', CCONJ: 'cc', PUNCT: 'punct' };
    const [relation, head] = before[upos as 'NOUN'] ?? [relations[upos as 'DET'], next];
    const span = { start: index, end: index + form.length };
    return { form, lemma: form.toLowerCase(), upos, relation: relation as string, head: head as number, ...span };
  });
  return { id, caption, tokens, scheme: 'ud' };
}

export function sceneAnalyzer(): Analyzer {
  return {
    identity: 'scenes',
    analyze: (pairs, problems) =>
      analyzePairs(
        pairs,
        {},
        async (captions) => captions.map(({ id, caption }) => parseSceneCaption(id, caption)),
        problems,
      ),
    close: async () => {},
  };
}
