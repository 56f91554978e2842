/** `ids.json`: texts with their ids and the text decoded from them. */
import { join } from 'node:path';
import type { Tokenizer } from '../../data/tokenizer.ts';
import type { GoldenCase } from './case.ts';
import { equalCase, type Json, readJson } from './json.ts';
import { loadTokenizer } from './tokenizer-file.ts';

export async function checkTokenizerIds(folder: string, tokenizerFile: string | null): Promise<GoldenCase[]> {
  const tokenizer = await loadTokenizer(tokenizerFile);
  const rows: Json[] = await readJson(join(folder, 'ids.json'));
  return rows.flatMap((row, index) => checkRow(tokenizer, row, `ids.json row ${index}`));
}

/** Where the `tokenizers` library and SentencePiece differ (`hf_ids`) either answer is right. */
function checkRow(tokenizer: Tokenizer, row: Json, name: string): GoldenCase[] {
  const ids = tokenizer.encode(row.text);
  const encoded = equalCase(`${name} encode`, ids, row.ids);
  const other = row.hf_ids ? equalCase(`${name} encode`, ids, row.hf_ids) : encoded;
  const plain = row.decoded_without_cleanup ?? row.decoded;
  return [
    other.ok ? other : encoded,
    equalCase(`${name} decode`, tokenizer.decode(row.ids, { cleanUpSpaces: true }), row.decoded),
    equalCase(`${name} decode without clean-up`, tokenizer.decode(row.ids, { cleanUpSpaces: false }), plain),
    equalCase(`${name} decode as a stream`, streamed(tokenizer, row.ids), row.decoded),
  ];
}

function streamed(tokenizer: Tokenizer, ids: readonly number[]): string {
  const stream = tokenizer.createStreamDecoder({ cleanUpSpaces: true });
  return ids.map((id) => stream.push(id)).join('') + stream.finish();
}
