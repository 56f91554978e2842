/** A file of captions, one a line, as pairs without pictures. */
import { runtime } from '../../../engine/runtime/index.ts';
import { readLines } from '../lines.ts';
import { pairOf } from './pair.ts';
import type { PairItem, PairSource } from './source.ts';

/** @throws Error where the file cannot be read */
export async function openCaptionLines(path: string): Promise<PairSource> {
  const file = await (await runtime()).openFile(path);
  const { size } = file;
  await file.close();
  return { identity: { captions: [path, size] }, items: () => lineItems(path) };
}

async function* lineItems(path: string): AsyncGenerator<PairItem> {
  const file = await (await runtime()).openFile(path);
  try {
    for await (const { text, number, isTooLong } of readLines(file)) {
      const where = `${path} line ${number}`;
      const record = { where, number: number - 1, content: { caption: text }, size: 0, next: null };
      const pair = isTooLong ? { kind: 'caption-too-long' as const, where } : pairOf(record, '.', String(number));
      yield { pair, next: number };
    }
  } finally {
    await file.close();
  }
}
