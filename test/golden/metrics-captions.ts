/** `nlg.json`: BLEU, ROUGE-L, CIDEr and CIDEr-D; `ptb_tokenizer.json`: the tokens they are given. */
import { join } from 'node:path';
import { bleu } from '../../evaluate/metrics/bleu.ts';
import type { CaptionItem } from '../../evaluate/metrics/caption.ts';
import { cider } from '../../evaluate/metrics/cider.ts';
import { tokenizeCaptions, tokenizePtb } from '../../evaluate/metrics/ptb-tokenizer.ts';
import { rougeL } from '../../evaluate/metrics/rouge.ts';
import type { GoldenCase } from './case.ts';
import { closeCase } from './close.ts';
import { equalCase, type Json, readJson } from './json.ts';

const TOLERANCE = 1e-9;
/** Of values that a program printed with six digits. */
const PRINTED_TOLERANCE = 5e-7;

export async function checkCaptionMetrics(folder: string): Promise<GoldenCase[]> {
  const { sets = [], ...corpora } = await readJson(join(folder, 'nlg.json'));
  const named = Object.entries(corpora as Record<string, Json>).filter(([, corpus]) => corpus.items !== undefined);
  return [
    ...sets.flatMap((corpus: Json) => checkCorpus(corpus.name, corpus)),
    ...named.flatMap(([name, corpus]) => checkCorpus(name, corpus)),
  ];
}

function checkCorpus(label: string, { items, expected, published }: Json): GoldenCase[] {
  const name = `nlg.json ${label}`;
  const tokenised: CaptionItem[] = items.map((item: Json) => ({
    hypothesis: item.hypothesis_tokens,
    references: item.references_tokens,
  }));
  const scores = {
    bleu: bleu(tokenised),
    rouge_l: rougeL(tokenised),
    cider_d: cider(tokenised),
    cider: cider(tokenised, 'cider'),
  };
  return [
    ...Object.entries(scores).flatMap(([metric, { corpus, perItem }]) => [
      closeCase(`${name} ${metric}`, corpus, expected[metric], TOLERANCE),
      closeCase(`${name} ${metric} of each item`, perItem, expected.per_item[metric], TOLERANCE),
    ]),
    ...Object.entries((published ?? {}) as Record<keyof typeof scores, Json>).map(([metric, value]) =>
      closeCase(
        `${name} ${metric} as published`,
        scores[metric as keyof typeof scores].corpus,
        value,
        PRINTED_TOLERANCE,
      ),
    ),
    ...(items[0].hypothesis === undefined ? [] : checkTokens(name, items)),
  ];
}

function checkTokens(name: string, items: Json): GoldenCase[] {
  const every = (key: string) => items.flatMap((item: Json) => item[key]);
  return ['hypothesis', 'references'].map((key) =>
    equalCase(`${name} tokens of ${key}`, tokenizeCaptions(every(key)), every(`${key}_tokens`)),
  );
}

export async function checkPtbTokenizer(folder: string): Promise<GoldenCase[]> {
  const { cases } = await readJson(join(folder, 'ptb_tokenizer.json'));
  return cases.flatMap((entry: Json, index: number) => [
    equalCase(`ptb_tokenizer.json ${index}`, tokenizePtb(entry.text), entry.tokens),
    equalCase(
      `ptb_tokenizer.json ${index} without punctuation`,
      tokenizeCaptions([entry.text])[0],
      entry.tokens_without_punctuation.join(' '),
    ),
  ]);
}
