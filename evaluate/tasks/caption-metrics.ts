/** The metrics of captions together, tokenised as the COCO caption evaluation does it. */
import { bleu } from '../metrics/bleu.ts';
import type { CaptionItem } from '../metrics/caption.ts';
import { cider } from '../metrics/cider.ts';
import {
  loadMeteorTables,
  loadParaphrases,
  MissingTableError,
  meteor,
  meteorVocabulary,
  type Paraphrases,
} from '../metrics/meteor.ts';
import { tokenizeCaptions } from '../metrics/ptb-tokenizer.ts';
import { rougeL } from '../metrics/rouge.ts';
import type { MetricRow, Scores } from '../task.ts';

export interface RawCaptions {
  readonly hypothesis: string;
  readonly references: readonly string[];
}

/** Figures of the paper by metric. */
type Figures = Readonly<Partial<Record<'CIDEr' | 'METEOR', number>>>;

/** CIDEr (CIDEr-D), BLEU-1 to 4, ROUGE-L and, where its tables are there, METEOR; all times 100. */
export async function scoreCaptions(
  raw: readonly RawCaptions[],
  folder: string | null,
  paper: Figures,
): Promise<Scores> {
  const items = tokenizeAll(raw);
  const row = (metric: string, value: number, figure: number | null = null): MetricRow => ({
    metric,
    value: 100 * value,
    paper: figure,
  });
  const withMeteor = await meteorOf(items, folder);
  return {
    rows: [
      row('CIDEr', cider(items).corpus, paper.CIDEr),
      ...bleu(items).corpus.map((value, order) => row(`BLEU-${order + 1}`, value)),
      row('ROUGE-L', rougeL(items).corpus),
      ...(withMeteor.value === null ? [] : [row('METEOR', withMeteor.value, paper.METEOR)]),
    ],
    notes: [
      'CIDEr is what the COCO caption evaluation calls so: CIDEr-D',
      ...(items.length === 1
        ? ['CIDEr of a single item is 0: its document frequencies are those of the scored set']
        : []),
      ...withMeteor.notes,
    ],
  };
}

function tokenizeAll(raw: readonly RawCaptions[]): CaptionItem[] {
  const hypotheses = tokenizeCaptions(raw.map(({ hypothesis }) => hypothesis.replace(/\s+/g, ' ')));
  const references = tokenizeCaptions(raw.flatMap((item) => item.references.map((text) => text.replace(/\s+/g, ' '))));
  let at = 0;
  return raw.map((item, index) => ({
    hypothesis: hypotheses[index],
    references: item.references.map(() => references[at++]),
  }));
}

async function meteorOf(
  items: readonly CaptionItem[],
  folder: string | null,
): Promise<{ value: number | null; notes: string[] }> {
  if (folder === null)
    return { value: null, notes: ["METEOR is left out: --meteor names no folder with METEOR's tables"] };
  try {
    const tables = await loadMeteorTables(folder);
    const { paraphrases, notes } = await paraphrasesFor(items, tables.prefixes, folder);
    return { value: meteor(items, { ...tables, stem: true, paraphrases }).corpus, notes };
  } catch (error) {
    if (!(error instanceof MissingTableError)) throw error;
    return { value: null, notes: [`METEOR is left out: ${error.message}`] };
  }
}

async function paraphrasesFor(
  items: readonly CaptionItem[],
  prefixes: Parameters<typeof meteorVocabulary>[1],
  folder: string,
): Promise<{ paraphrases: Paraphrases | null; notes: string[] }> {
  try {
    return { paraphrases: await loadParaphrases(folder, meteorVocabulary(items, prefixes)), notes: [] };
  } catch (error) {
    if (!(error instanceof MissingTableError)) throw error;
    const note = `METEOR runs without its paraphrase stage, so it is lower than published figures: ${error.message}`;
    return { paraphrases: null, notes: [note] };
  }
}
