/** The gallery of an evaluation, for looking at what went wrong: one HTML file that needs nothing beside it. */
import { encodePng, type RgbImage, resizeBicubic } from '../data/index.ts';
import { runtime } from '../engine/runtime/index.ts';
import { showWhole } from '../report/format.ts';
import { card, escapeHtml, htmlPage, nameTable, pngUrl, valueTable } from '../report/html.ts';
import { STYLE } from '../report/style.ts';
import type { Exhibit } from './exhibit.ts';
import { exhibitCard, type HungPicture } from './gallery/card.ts';
import { type Wing, wingsOf } from './gallery/choose.ts';
import { GALLERY_STYLE } from './gallery/style.ts';
import { PictureError, Pictures } from './run/pictures.ts';
import { countProblems, type TaskResult } from './task.ts';

export interface Gallery {
  readonly task: string;
  /** What it was made of, by names for people: data, model, adapter. */
  readonly circumstances: Readonly<Record<string, string>>;
  readonly result: TaskResult;
  /** Folder of the pictures. */
  readonly pictures: string;
}

/** Pixels of the longer side of a picture. */
const LONG_SIDE = 288;

/** Writes `gallery.html` into a folder that is there, and returns its path. */
export async function writeGallery(folder: string, gallery: Gallery): Promise<string> {
  const path = `${folder}/gallery.html`;
  await (await runtime()).writeFileAtomic(path, await galleryHtml(gallery));
  return path;
}

export async function galleryHtml({ task, circumstances, result, pictures: folder }: Gallery): Promise<string> {
  const pictures = new Pictures(folder, LONG_SIDE);
  const sections: string[] = [];
  for (const wing of wingsOf(result.exhibits)) sections.push(await wingSection(wing, pictures));
  const told = Object.entries(circumstances);
  const body = `<header><h1>${escapeHtml(task)}</h1><p>${showWhole(result.scored)} of ${showWhole(result.items)} rows scored</p></header>
<section><h2>Scores</h2>${card(scoreTable(result))}${result.notes.map((note) => `<p>${escapeHtml(note)}.</p>`).join('')}</section>
${sections.join('\n')}
${problemSection(result)}
<section><h2>Run</h2>${card(nameTable(told))}</section>
<footer>kosmos-webgpu; the numbers are in metrics.json beside this file.</footer>`;
  return htmlPage({ title: task, style: `${STYLE}${GALLERY_STYLE}`, body });
}

function scoreTable({ rows }: TaskResult): string {
  const hasPaper = rows.some(({ paper }) => paper !== null);
  return valueTable(
    ['', 'here', ...(hasPaper ? ['paper'] : [])],
    rows.map(({ metric, value, paper }) => [
      metric,
      value.toFixed(2),
      ...(hasPaper ? [paper === null ? '' : paper.toFixed(2)] : []),
    ]),
  );
}

async function wingSection({ title, all, shown }: Wing, pictures: Pictures): Promise<string> {
  const cards: string[] = [];
  for (const exhibit of shown) cards.push(await hang(exhibit, pictures));
  const count = shown.length < all ? `${showWhole(shown.length)} of ${showWhole(all)}` : showWhole(all);
  const hasTruth = shown.some(({ truth }) => truth.length > 0);
  const hasBoxes = hasTruth || shown.some(({ predicted }) => predicted.length > 0);
  const legend = `<p class="legend"><i class="mine"></i>predicted${hasTruth ? '<i class="true"></i>true' : ''}</p>`;
  return `<section><h2>${title} (${count})</h2>${hasBoxes ? legend : ''}<div class="exhibits">${cards.join('\n')}</div></section>`;
}

async function hang(exhibit: Exhibit, pictures: Pictures): Promise<string> {
  if (exhibit.picture === null) return exhibitCard(exhibit, null, null);
  try {
    return exhibitCard(exhibit, hung(await pictures.load(exhibit.picture)), null);
  } catch (error) {
    if (!(error instanceof PictureError)) throw error;
    return exhibitCard(exhibit, null, error.message);
  }
}

function hung(image: RgbImage): HungPicture {
  const { width, height } = image;
  const factor = Math.min(1, LONG_SIDE / Math.max(width, height));
  const [w, h] = [width, height].map((side) => Math.max(1, Math.round(side * factor)));
  return { url: pngUrl(encodePng(resizeBicubic(image, w, h))), width, height };
}

function problemSection({ problems }: TaskResult): string {
  const rows = Object.entries(countProblems(problems)).map(([kind, count]) => {
    const examples = problems.filter((problem) => problem.kind === kind).slice(0, 3);
    const told = examples.map(({ id, message }) => `${id}: ${message}`).join('; ');
    return [kind, showWhole(count), told] as const;
  });
  return rows.length > 0 ? `<section><h2>Problems</h2>${card(nameTable(rows))}</section>` : '';
}
