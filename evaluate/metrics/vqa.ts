/**
 * VQA accuracy (Antol et al. 2015): an answer is right to the degree min(1, n / 3) where n other people gave it, averaged
 * over the sets that leave one person out.
 */
import { mean } from './caption.ts';
import { cleanAnswer, normaliseAnswer } from './vqa-answer.ts';

export interface VqaItem {
  /** What was generated. */
  readonly answer: string;
  /** What people answered, ten in VQAv2. */
  readonly humanAnswers: readonly string[];
  /** `yes/no`, `number` or `other`. */
  readonly answerType: string;
  /** The question's first words, such as `how many`. */
  readonly questionType: string;
}

/** In percent, unrounded. */
export interface VqaAccuracy {
  overall: number;
  perAnswerType: Record<string, number>;
  perQuestionType: Record<string, number>;
  perItem: number[];
}

/** How many other people must agree for a full point. */
const FULL_AGREEMENT = 3;

/** @throws Error for no items */
export function vqaAccuracy(items: readonly VqaItem[]): VqaAccuracy {
  if (items.length === 0) throw new Error('VQA: there is no answer to score');
  const perItem = items.map(scoreAnswer);
  const by = (typeOf: (item: VqaItem) => string) => {
    const groups = new Map<string, number[]>();
    for (const [index, item] of items.entries()) {
      const type = typeOf(item);
      groups.set(type, groups.get(type) ?? []);
      groups.get(type)!.push(perItem[index]);
    }
    return Object.fromEntries([...groups].map(([type, scores]) => [type, mean(scores)]));
  };
  return {
    overall: mean(perItem),
    perAnswerType: by((item) => item.answerType),
    perQuestionType: by((item) => item.questionType),
    perItem,
  };
}

/**
 * Percent. Answers are normalised only where people disagree, as in the official program: "Yes!" is wrong against ten
 * times "yes".
 */
function scoreAnswer({ answer, humanAnswers }: VqaItem): number {
  if (humanAnswers.length === 0) throw new Error('VQA: a question has no human answer');
  const cleaned = humanAnswers.map(cleanAnswer);
  const disagree = new Set(cleaned).size > 1;
  const settle = (text: string) => (disagree ? normaliseAnswer(text) : text);
  const given = settle(cleanAnswer(answer));
  const agrees = cleaned.map((human) => settle(human) === given);
  const matches = agrees.filter(Boolean).length;
  return 100 * mean(agrees.map((agreed) => Math.min(1, (matches - Number(agreed)) / FULL_AGREEMENT)));
}
