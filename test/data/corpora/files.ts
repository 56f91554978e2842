/** What the tests of corpora share: a context with the small tokenizer, pictures, archives, and streams that are read. */
import { join } from 'node:path';
import type { ExampleStream, TrainingExample, TrainingSequence } from '../../../data/corpora/example.ts';
import type { CorpusContext } from '../../../data/corpora/index.ts';
import { encodePng } from '../../../data/image/encode.ts';
import { repositoryRoot } from '../../shared.ts';
import { smallTokenizer } from '../small-tokenizer.ts';

/** Samples of the data sets in their own formats. */
export const SAMPLES = join(repositoryRoot(), 'test/goldens/data/eval');
export const GRIT_SAMPLES = join(repositoryRoot(), 'test/goldens/grit');

export const tokenizer = smallTokenizer();

export function contextWith(options: Partial<CorpusContext> = {}): CorpusContext {
  return { tokenizer, imageSize: 8, gridSize: 4, latents: 3, sequenceLength: 2000, seed: 1, ...options };
}

/** A PNG of one colour, so that pictures can be told apart by a pixel. */
export function png(color: number, width = 12, height = 12): Uint8Array {
  return encodePng({ width, height, data: new Uint8Array(width * height * 3).fill(color) });
}

/** The colours of an example's pictures. */
export function colors({ images }: TrainingExample): number[] {
  return images.map(({ data }) => data[0]!);
}

/** Tokens as text, the slots of a picture as one `#`; what counts is in upper case where it has letters. */
export function show({ ids, imageMask, lossMask }: TrainingSequence): string {
  const tokens = ids.map((id, at) => {
    if (imageMask[at] === 1) return imageMask[at - 1] === 1 ? '' : '#';
    const token = tokenizer.idToToken(id)!.replace('▁', ' ');
    return at > 0 && lossMask[at - 1] === 1 ? token.toUpperCase() : token;
  });
  return tokens.join('');
}

export async function take(stream: ExampleStream, count: number): Promise<TrainingExample[]> {
  const examples: TrainingExample[] = [];
  while (examples.length < count) examples.push(await stream.next());
  return examples;
}

/** A tar archive (ustar); a name of more than 100 bytes goes into a pax header before the file's own. */
export function tarOf(entries: readonly (readonly [name: string, content: string | Uint8Array])[]): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const [name, content] of entries) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    if (name.length > 100) {
      // The length counts its own three digits.
      const line = new TextEncoder().encode(`${name.length + 10} path=${name}\n`);
      blocks.push(tarHeader('pax', line.length, 'x'), padded(line));
    }
    blocks.push(tarHeader(name.slice(0, 100), bytes.length, '0'), padded(bytes));
  }
  return new Uint8Array(Buffer.concat([...blocks, new Uint8Array(1024)]));
}

function tarHeader(name: string, size: number, type: string): Uint8Array {
  const header = new Uint8Array(512);
  const put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
  put(0, name);
  put(100, '0000644\0');
  put(124, `${size.toString(8).padStart(11, '0')}\0`);
  put(148, '        ');
  put(156, type);
  put(257, 'ustar\x0000');
  put(
    148,
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
  );
  return header;
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / 512) * 512);
  whole.set(bytes);
  return whole;
}
