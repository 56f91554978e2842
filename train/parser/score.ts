/**
 * Scores of parses with given words, by the rules of the CoNLL 2018 shared task (Zeman et al. 2018; `conll18_ud_eval.py`): every
 * word counts, punctuation too, and of relations only the universal part (`nsubj` of `nsubj:pass`).
 */

export interface ScoredColumns {
  readonly upos: readonly string[];
  readonly xpos: readonly string[];
  /** Within the sentence, from 0; −1 for the root. */
  readonly heads: readonly number[];
  readonly relations: readonly string[];
}

/** Shares of all words, from 0 to 1. */
export interface ParserScores {
  readonly upos: number;
  readonly xpos: number;
  /** Right heads. */
  readonly uas: number;
  /** Right heads with the right relations. */
  readonly las: number;
  /** The same, subtypes included. */
  readonly fullLas: number;
  readonly words: number;
}

/** @throws Error where the two lists are not of the same sentences */
export function scoreParses(given: readonly ScoredColumns[], expected: readonly ScoredColumns[]): ParserScores {
  if (given.length !== expected.length)
    throw new Error(`${given.length} parses cannot be scored against ${expected.length} sentences`);
  const right = { upos: 0, xpos: 0, uas: 0, las: 0, fullLas: 0 };
  let words = 0;
  for (const [i, parse] of given.entries()) {
    const answer = expected[i]!;
    if (parse.heads.length !== answer.heads.length)
      throw new Error(`sentence ${i + 1} has ${answer.heads.length} words, its parse ${parse.heads.length}`);
    words += answer.heads.length;
    for (const [word, head] of answer.heads.entries()) {
      const hasHead = parse.heads[word] === head;
      const [label, wanted] = [parse.relations[word]!, answer.relations[word]!];
      right.upos += Number(parse.upos[word] === answer.upos[word]);
      right.xpos += Number(parse.xpos[word] === answer.xpos[word]);
      right.uas += Number(hasHead);
      right.las += Number(hasHead && universalPart(label) === universalPart(wanted));
      right.fullLas += Number(hasHead && label === wanted);
    }
  }
  const share = (count: number) => (words === 0 ? 0 : count / words);
  const { upos, xpos, uas, las, fullLas } = right;
  return {
    upos: share(upos),
    xpos: share(xpos),
    uas: share(uas),
    las: share(las),
    fullLas: share(fullLas),
    words,
  };
}

function universalPart(relation: string): string {
  return relation.split(':')[0]!;
}
