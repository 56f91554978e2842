/** One exhibit as HTML: its picture with boxes, what was asked, written and expected. */
import { type Box, entityColor, uprightBox } from '../../data/index.ts';
import { escapeHtml } from '../../report/html.ts';
import type { Exhibit, ShownBoxes, ShownOption } from '../exhibit.ts';

/** A picture as a gallery holds it. */
export interface HungPicture {
  readonly url: string;
  /** Of the file, in pixels. */
  readonly width: number;
  readonly height: number;
}

/** @param picture null where there is none to show; `missing` says why, where the row has one */
export function exhibitCard(exhibit: Exhibit, picture: HungPicture | null, missing: string | null): string {
  const { id, prompt, output, expected, predicted, options } = exhibit;
  return [
    `<article class="card exhibit"><p class="id">${escapeHtml(id)}</p>`,
    picture ? framed(exhibit, picture) : '',
    missing === null ? '' : `<div class="picture missing">${escapeHtml(missing)}</div>`,
    prompt === null ? '' : paragraph('asked', withTags(prompt)),
    output === null ? '' : paragraph('written', withTags(output)),
    predicted.length > 1 || predicted.some(({ isTrue }) => isTrue !== undefined)
      ? `<p>${predicted.map(chip).join('')}</p>`
      : '',
    expected.length > 0 ? paragraph('expected', expected.map(escapeHtml).join('<br>')) : '',
    options ? optionList(options) : '',
    '</article>',
  ].join('');
}

function paragraph(name: string, html: string): string {
  return `<p><b>${name}</b>${html || '(nothing)'}</p>`;
}

/** Tags in a soft colour, location tokens as their numbers alone. */
function withTags(text: string): string {
  return escapeHtml(text)
    .replaceAll(/&lt;patch_index_0*(\d+)&gt;/g, '<span class="tag">·$1</span>')
    .replaceAll(/&lt;\/?[a-z_]+\/?&gt;/g, '<span class="tag">$&</span>');
}

function framed({ predicted, truth, size }: Exhibit, { url, width, height }: HungPicture): string {
  const unit = size ?? { width, height };
  const frames = (shown: readonly ShownBoxes[], style: (index: number) => string) =>
    shown.flatMap(({ label, boxes }, index) => boxes.map((box) => frame(box, unit, label, style(index)))).join('');
  return [
    `<div class="picture"><img src="${url}" alt="" width="${width}" height="${height}">`,
    frames(truth, () => 'class="true" style="'),
    frames(predicted, (index) => `style="${colorOf(index)};`),
    '</div>',
  ].join('');
}

/** @param start of the tag's attributes, up to within its style */
function frame(box: Box, unit: { width: number; height: number }, label: string, start: string): string {
  const [x1, y1, x2, y2] = uprightBox(box);
  const across = (value: number, of: number) => Math.min(1, Math.max(0, value / of));
  const [left, right] = [x1, x2].map((value) => across(value, unit.width));
  const [top, bottom] = [y1, y2].map((value) => across(value, unit.height));
  const place = { left, top, width: right - left, height: bottom - top };
  const style = Object.entries(place).map(([name, share]) => `${name}:${Number((100 * share).toFixed(2))}%`);
  return `<i ${start}${style.join(';')}" title="${escapeHtml(label)}"></i>`;
}

function colorOf(index: number): string {
  return `--box:rgb(${entityColor(index).join(' ')})`;
}

function chip({ label, isTrue }: ShownBoxes, index: number): string {
  const verdict = isTrue === undefined ? '' : ` <small>${isTrue ? 'true' : 'not true'}</small>`;
  return `<span class="chip" style="${colorOf(index)}">${escapeHtml(label)}${verdict}</span>`;
}

function optionList(options: readonly ShownOption[]): string {
  const lines = options.map(({ text, score, isChosen, isRight }) => {
    const marks = [isChosen ? 'chosen' : '', isRight ? 'right' : ''].filter((mark) => mark !== '');
    const note = [...marks, score.toFixed(3)].join(' · ');
    return `<li class="${isChosen ? 'chosen' : ''}"><span>${escapeHtml(text)}</span><small>${note}</small></li>`;
  });
  return `<ul class="options">${lines.join('')}</ul>`;
}
