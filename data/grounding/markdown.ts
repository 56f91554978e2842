/**
 * Grounded text as Markdown: every phrase is a link whose target is its boxes, the form in which the paper writes its
 * training data (section 2: "[text span](bounding boxes)").
 */

import type { Entity, GroundedText } from './parse.ts';
import type { Box } from './patches.ts';

/** Shown for boxes that have no phrase. */
const UNNAMED = 'object';

/**
 * `An image of [a snowman](0.391,0.047,0.984,0.828) warming himself …`: the target holds x1,y1,x2,y2 as fractions of the
 * picture with at most three decimals, several boxes separated by `;`. Boxes without a phrase become a link named
 * "object". Characters with a meaning in Markdown are escaped.
 */
export function toMarkdown({ text, entities }: GroundedText): string {
  const characters = [...text];
  const clamp = (position: number, from: number) => Math.min(Math.max(position, from), characters.length);
  const plain = (start: number, end: number) => escapeMarkdown(characters.slice(start, end).join(''));
  let markdown = '';
  let from = 0;
  for (const entity of inOrder(entities)) {
    const start = clamp(entity.span[0], from);
    const end = clamp(entity.span[1], start);
    const name = end > start ? plain(start, end) : UNNAMED;
    // An exclamation mark right before a link would make it a picture.
    markdown += `${plain(from, start).replace(/!$/, '\\!')}[${name}](${entity.boxes.map(target).join(';')})`;
    from = end;
  }
  return escapeLineStarts(markdown + plain(from, characters.length));
}

function inOrder(entities: readonly Entity[]): Entity[] {
  return [...entities].sort((a, b) => a.span[0] - b.span[0]);
}

function target(box: Box): string {
  return box.map((value) => String(Math.round(value * 1000) / 1000)).join(',');
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>~&|]/g, '\\$&');
}

/** Headings, lists, rules and underlines of headings only mean something at the start of a line. */
function escapeLineStarts(markdown: string): string {
  return markdown.replace(/^([ \t]*)([#+=-])/gm, '$1\\$2').replace(/^([ \t]*\d+)([.)])/gm, '$1\\$2');
}
