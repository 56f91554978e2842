/** Captions, boxes and summaries as lines for a terminal. */
import type { CaptionAnalysis, Expression, NounChunk } from './analyze.ts';
import { type GritRecord, type GritRow, maximalRows } from './records.ts';
import { STAGES, type StageTable } from './run/clock.ts';
import { CodePoints, type Span } from './spans.ts';
import type { CorpusFigures, GritSummary } from './summary.ts';

const RESET = '\u001b[0m';
const DIM = '\u001b[2m';
const BOLD = '\u001b[1m';
/** One colour for each kept expression, in turn: red, green, yellow, blue, magenta, cyan. */
const COLORS = [31, 32, 33, 34, 35, 36].map((code) => `\u001b[${code}m`);

/** Paints text, or leaves it as it is where there is no colour. */
type Paint = (text: string, style: string) => string;

export interface ShowOptions {
  color: boolean;
}

/** A caption, its chunks, its expressions, and the boxes of its record. */
export function showCaption(analysis: CaptionAnalysis, record: GritRecord | null, { color }: ShowOptions): string {
  const paint = painter(color);
  const { id, caption, nounChunks, expressions, kept } = analysis;
  const colorOf = colorsOf(kept);
  const text = paintSpans(caption, kept, (span) => colorOf(span)!, paint);
  const chunks = nounChunks.map((chunk) => showChunk(chunk, colorOf(chunk), paint));
  const shown = expressions.map((expression) => showExpression(expression, kept, colorOf(expression), paint));
  const lines = [`${paint(printable(id), BOLD)}  ${text}`];
  if (chunks.length > 0) lines.push(`  chunks       ${chunks.join(' | ')}`);
  if (shown.length > 0) lines.push(`  expressions  ${shown.join(' | ')}`);
  if (record) lines.push(...showBoxes(caption, record.ref_exps, colorOf, paint));
  return `${lines.join('\n')}\n`;
}

/** A record of a GRIT file: the caption and the boxes of its expressions. */
export function showRecord({ key, caption, ref_exps }: GritRecord, { color }: ShowOptions): string {
  const paint = painter(color);
  const spans = maximalRows(ref_exps).map(([start, end]) => ({ start, end }));
  const colorOf = colorsOf(spans);
  const text = paintSpans(caption, spans, (span) => colorOf(span)!, paint);
  const boxes = showBoxes(caption, ref_exps, colorOf, paint);
  return `${[`${paint(printable(key ?? '-'), BOLD)}  ${text}`, ...boxes].join('\n')}\n`;
}

/** The counts of a run, how fast its stages were, and the problems of its input. */
export function showSummary(
  summary: GritSummary & { readonly pairs?: number; readonly stages?: StageTable },
  options: { hasCaptions: boolean; hasBoxes: boolean },
): string {
  const { captions, nounChunks, abstract, pronouns, expressions, kept, withoutChunks, withoutBoxes } = summary;
  const lines: string[] = [];
  if (options.hasCaptions) {
    if (summary.pairs !== undefined) lines.push(`pairs                   ${summary.pairs}`);
    lines.push(
      `captions                ${captions} (${withoutChunks} without a noun chunk that stays)`,
      `noun chunks             ${nounChunks} (${abstract} abstract and ${pronouns} pronouns dropped)`,
      `referring expressions   ${expressions} (${kept} not contained in another)`,
    );
    if (options.hasBoxes) lines.push(`discarded without boxes ${withoutBoxes}`);
  }
  if (options.hasBoxes) lines.push(...showCorpus(summary));
  const speeds = showStages(summary.stages ?? {});
  if (speeds !== '') lines.push(`a second                ${speeds}`);
  for (const { kind, effect, count, first } of summary.problems) {
    lines.push(`${kind}: ${count} (${effect}), first: ${first.map(printable).join('; ')}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Control characters, which could steer a terminal, are replaced; line ends become spaces. */
export function printable(text: string): string {
  return text.replace(/[\t\n\r]+/g, ' ').replace(/[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/gu, '\ufffd');
}

function showCorpus({ images, objects, spans, meanExpressionLength }: CorpusFigures): string[] {
  return [
    `images                  ${images}`,
    `objects                 ${objects}`,
    `text spans              ${spans}`,
    `mean expression length  ${meanExpressionLength === null ? '-' : `${meanExpressionLength.toFixed(2)} words`}`,
  ];
}

/** `read 12000, parse 480, ground 9.3`. */
function showStages(stages: StageTable): string {
  const told = STAGES.flatMap((stage) => {
    const { items = 0, seconds = 0 } = stages[stage] ?? {};
    return seconds > 0 && items > 0 ? [`${stage} ${Number((items / seconds).toPrecision(3))}`] : [];
  });
  return told.join(', ');
}

function showChunk({ text, removed }: NounChunk, color: string | null, paint: Paint): string {
  if (removed) return paint(`${printable(text)} (${removed})`, DIM);
  return color === null ? printable(text) : paint(printable(text), color);
}

function showExpression(
  expression: Expression,
  kept: readonly Expression[],
  color: string | null,
  paint: Paint,
): string {
  const text = `${printable(expression.text)}${expression.how === 'conjunct' ? ' (conjunct)' : ''}`;
  if (!kept.includes(expression)) return paint(`${text} (contained)`, DIM);
  return color === null ? text : paint(text, color);
}

function showBoxes(
  caption: string,
  rows: readonly GritRow[],
  colorOf: (span: Span) => string | null,
  paint: Paint,
): string[] {
  const characters = new CodePoints(caption);
  return rows.map(([start, end, ...numbers]) => {
    const score = numbers[4];
    const box = numbers.slice(0, 4).map((edge) => edge.toFixed(3));
    const text = printable(characters.slice({ start, end }));
    const color = colorOf({ start, end });
    return `  ${score.toFixed(3)}  [${box.join(', ')}]  ${color === null ? text : paint(text, color)}`;
  });
}

/** The colour of whatever lies in one of the spans: a chunk has its expression's. */
function colorsOf(spans: readonly Span[]): (inner: Span) => string | null {
  return (inner) => {
    const index = spans.findIndex(({ start, end }) => start <= inner.start && inner.end <= end);
    return index === -1 ? null : COLORS[index % COLORS.length]!;
  };
}

function paintSpans(caption: string, spans: readonly Span[], styleOf: (span: Span) => string, paint: Paint): string {
  const characters = new CodePoints(caption);
  let shown = '';
  let at = 0;
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    if (span.start < at) continue;
    shown += printable(characters.slice({ start: at, end: span.start }));
    shown += paint(printable(characters.slice(span)), styleOf(span));
    at = span.end;
  }
  return shown + printable(characters.slice({ start: at, end: characters.length }));
}

function painter(color: boolean): Paint {
  return color ? (text, style) => `${style}${text}${RESET}` : (text) => text;
}
