/** Samples of a run to look at: a page with captions whose spans have the colours of their boxes, and the same as a picture. */
import { maximalRows, type RunSummary, type Sample, STAGES } from '../../data/grit/index.ts';
import { CodePoints } from '../../data/grit/spans.ts';
import { decodeImage, type Entity, encodePng, entityColor, type GroundedText } from '../../data/index.ts';
import { runtime } from '../../engine/runtime/index.ts';
import { exhibitCard } from '../../evaluate/gallery/card.ts';
import { GALLERY_STYLE } from '../../evaluate/gallery/style.ts';
import { showNumber, showWhole } from '../../report/format.ts';
import { card, escapeHtml, htmlPage, nameTable } from '../../report/html.ts';
import { STYLE } from '../../report/style.ts';
import { sampleSheet } from '../../train/report/sheet.ts';

/** Samples of the picture; the page has all. */
const MOST_IN_PICTURE = 12;

const SPAN_STYLE = `
.caption { margin: .5rem .25rem; font-size: .95rem; overflow-wrap: anywhere; }
.caption span { color: var(--box); font-weight: 600; }
`;

/** Writes `sheet.html` and, where there are samples, `sheet.png` into a folder; returns their names. */
export async function writeSheets(folder: string, samples: readonly Sample[], summary: RunSummary): Promise<string[]> {
  const here = await runtime();
  await here.writeFileAtomic(`${folder}/sheet.html`, await sheetHtml(samples, summary));
  if (samples.length === 0) return ['sheet.html'];
  const shown = await Promise.all(samples.slice(0, MOST_IN_PICTURE).map(sheetSample));
  await here.writeFileAtomic(`${folder}/sheet.png`, encodePng(sampleSheet(shown)));
  return ['sheet.html', 'sheet.png'];
}

export async function sheetHtml(samples: readonly Sample[], summary: RunSummary): Promise<string> {
  const cards = await Promise.all(samples.map(sampleCard));
  const problems = summary.problems.map(
    ({ kind, effect, count, first }) => [kind, showWhole(count), `${effect}; first: ${first.join('; ')}`] as const,
  );
  const body = `<header><h1>Grounded image–text pairs</h1><p>${showWhole(summary.images)} records of ${showWhole(summary.pairs)} pairs</p></header>
<section><h2>Figures</h2>${card(nameTable(figures(summary)))}</section>
<section><h2>Samples</h2><div class="exhibits">${cards.join('\n') || '<p>no record has a picture at hand</p>'}</div></section>
${problems.length > 0 ? `<section><h2>Problems</h2>${card(nameTable(problems))}</section>` : ''}
<footer>kosmos-webgpu; the numbers are in summary.json beside this file.</footer>`;
  return htmlPage({ title: 'Grounded image–text pairs', style: STYLE + GALLERY_STYLE + SPAN_STYLE, body });
}

/** The paper's table 1, what was dropped on the way, and how fast each stage was. */
function figures(summary: RunSummary): [string, string, string][] {
  const { images, objects, spans, meanExpressionLength, nounChunks, abstract, pronouns, withoutBoxes } = summary;
  const stages = STAGES.flatMap((stage): [string, string][] => {
    const figure = summary.stages[stage];
    if (!figure || figure.seconds === 0) return [];
    return [[stage, `${showNumber(figure.items / figure.seconds, 3)} a second (${showWhole(figure.items)})`]];
  });
  const rows: [string, string, string?][] = [
    ['images', showWhole(images)],
    ['objects', showWhole(objects)],
    ['text spans', showWhole(spans)],
    ['mean expression length', meanExpressionLength === null ? '–' : `${meanExpressionLength.toFixed(2)} words`],
    [
      'noun chunks',
      showWhole(nounChunks),
      `${showWhole(abstract)} abstract and ${showWhole(pronouns)} pronouns dropped`,
    ],
    ['pairs without boxes', showWhole(withoutBoxes)],
    ...stages,
  ];
  // A row without a third cell would leave a hole in the table.
  return rows.map(([name, value, note = '']) => [name, value, note]);
}

/** Spans that lie in no other, in the order of the caption, each with its boxes; its place gives the colour. */
function entitiesOf({ caption, ref_exps }: Sample['record']): Entity[] {
  const characters = new CodePoints(caption);
  const entities = new Map<string, Entity>();
  for (const [start, end, x1, y1, x2, y2] of maximalRows(ref_exps)) {
    const key = `${start} ${end}`;
    const entity = entities.get(key) ?? { text: characters.slice({ start, end }), span: [start, end], boxes: [] };
    entity.boxes.push([x1, y1, x2, y2]);
    entities.set(key, entity);
  }
  return [...entities.values()].sort((a, b) => a.span[0] - b.span[0]);
}

async function sampleCard({ record, png }: Sample): Promise<string> {
  const entities = entitiesOf(record);
  const { width, height } = await decodeImage(bytesOf(png));
  const predicted = entities.map(({ text, boxes }) => ({ label: text, boxes }));
  const nothing = { prompt: null, output: null, expected: [], truth: [], isRight: null, picture: null };
  const exhibit = { ...nothing, id: record.key ?? '', predicted, size: { width: 1, height: 1 } };
  const shown = exhibitCard(exhibit, { url: `data:image/png;base64,${png}`, width, height }, null);
  return `<div>${shown}<p class="caption">${coloredCaption(record.caption, entities)}</p></div>`;
}

function coloredCaption(caption: string, entities: readonly Entity[]): string {
  const characters = new CodePoints(caption);
  let html = '';
  let at = 0;
  for (const [i, { span }] of entities.entries()) {
    const [start, end] = span;
    if (start < at) continue;
    const color = `--box:rgb(${entityColor(i).join(' ')})`;
    html += escapeHtml(characters.slice({ start: at, end: start }));
    html += `<span style="${color}">${escapeHtml(characters.slice({ start, end }))}</span>`;
    at = end;
  }
  return html + escapeHtml(characters.slice({ start: at, end: characters.length }));
}

async function sheetSample({
  record,
  png,
}: Sample): Promise<{ image: Awaited<ReturnType<typeof decodeImage>>; predicted: GroundedText }> {
  const predicted = { text: record.caption, entities: entitiesOf(record) };
  return { image: await decodeImage(bytesOf(png)), predicted };
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
