/** Answers as text for people, as Markdown, as JSON, and as a picture. */
import {
  type DecodedImage,
  drawBoxes,
  type Entity,
  encodePng,
  entityColor,
  type LabeledBoxes,
  uprightBox,
} from '../data/index.ts';
import type { Answer } from '../index.ts';

/** What a person or a program is told beside the answer. */
export interface Circumstances {
  model: string;
  adapter: string;
  /** The picture that was written. */
  out: string | null;
  /** Milliseconds. */
  loading: number;
}

/** The one document of `--json`. Times are in milliseconds. */
export function jsonDocument(answer: Answer, { model, adapter, out, loading }: Circumstances): string {
  const { prompt, inputIds, generatedIds, raw, text, entities, stopped } = answer;
  const timings = Object.fromEntries(
    Object.entries({ load: loading, ...answer.timings }).map(([name, value]) => [name, Math.round(value * 10) / 10]),
  );
  const document = { model, adapter, prompt, inputIds, generatedIds, raw, text, entities, stopped, out, timings };
  return `${JSON.stringify(document)}\n`;
}

/** A line for each phrase: its words, then its boxes as (x1, y1)–(x2, y2); with `colors` in the colour that the picture has it in. */
export function entityLines(entities: readonly Entity[], colors: boolean, indent = 2): string {
  const width = Math.max(0, ...entities.map(({ text }) => [...text].length));
  return entities
    .map(({ text, boxes }, index) => {
      const name = text + ' '.repeat(width - [...text].length);
      return `${' '.repeat(indent)}${colors ? colored(name, index) : name}  ${boxes.map(showBox).join(', ')}\n`;
    })
    .join('');
}

function colored(text: string, index: number): string {
  return `\x1b[38;2;${entityColor(index).join(';')}m${text}\x1b[0m`;
}

function showBox([x1, y1, x2, y2]: readonly number[]): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map((value) => value.toFixed(3));
  return `(${a}, ${b})–(${c}, ${d})`;
}

/** Numbers of a run in a line, for people. */
export function timingLine(answer: Answer, { adapter, loading }: Circumstances): string {
  const { prepare, encode, firstToken, generate } = answer.timings;
  const count = answer.generatedIds.length;
  const rate = generate > 0 && count > 1 ? ` (${((1000 * (count - 1)) / generate).toFixed(1)} a second)` : '';
  const seconds = (value: number) => `${(value / 1000).toFixed(2)} s`;
  return (
    `${adapter}: loading ${seconds(loading)}, picture ${seconds(prepare + encode)}, first token ${seconds(firstToken)}, ` +
    `${count} tokens${rate}\n`
  );
}

/** A PNG of the picture with the boxes. A model may swap corners; a box is drawn all the same. */
export function drawnPicture(image: DecodedImage, entities: readonly Entity[]): Uint8Array {
  const labeled = entities.map(
    ({ text, boxes }): LabeledBoxes => ({ label: text, boxes: boxes.map((box) => uprightBox(box)) }),
  );
  return encodePng(drawBoxes(image, labeled));
}

export function showBytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
