/**
 * `postprocess.json`, in its two forms: `cases` and `from_ids` (processor goldens), or `sequences`, `texts` and box
 * conversions (model goldens). A file may hold any of these lists.
 */
import { join } from 'node:path';
import { boxToPatches, patchesToBox, postProcessGeneration } from '../../data/grounding.ts';
import type { Tokenizer } from '../../data/tokenizer.ts';
import type { GoldenCase } from './case.ts';
import { equalCase, type Json, readJson, sameJson } from './json.ts';
import { loadTokenizer } from './tokenizer-file.ts';

const KNOWN = ['cases', 'from_ids', 'sequences', 'texts', 'coordinate_to_patch_index', 'patch_index_to_coordinate'];

export async function checkPostprocess(folder: string, tokenizerFile: string | null): Promise<GoldenCase[]> {
  const file = await readJson(join(folder, 'postprocess.json'));
  if (!KNOWN.some((key) => key in file)) throw new Error(`postprocess.json: none of ${KNOWN.join(', ')} is there`);
  const needsTokenizer = 'from_ids' in file || 'sequences' in file;
  const tokenizer = needsTokenizer ? await loadTokenizer(tokenizerFile) : null;
  const each = (key: string, check: (entry: Json, name: string) => GoldenCase[]) =>
    (file[key] ?? []).flatMap((entry: Json, index: number) =>
      check(entry, `postprocess.json ${key} ${entry.id ?? index}`),
    );
  return [
    ...each('cases', (entry, name) =>
      checkText(name, entry.text, entry.caption_only, entry.clean_text, entry.entities, entry.also_acceptable),
    ),
    ...each('from_ids', (entry, name) => [
      ...checkDecoded(name, tokenizer!, entry.ids, entry.text),
      ...checkText(name, entry.text, null, entry.clean_text, entry.entities),
    ]),
    ...each('sequences', (entry, name) => [
      ...checkDecoded(name, tokenizer!, entry.ids, entry.decoded),
      ...checkText(name, entry.decoded, entry.caption, entry.text, entry.entities),
    ]),
    ...each('texts', (entry, name) => checkText(name, entry.input, entry.caption, entry.text, entry.entities)),
    ...each('coordinate_to_patch_index', (entry, name) => [equalCase(name, boxToPatches(entry.box), entry.patches)]),
    ...each('patch_index_to_coordinate', (entry, name) => [equalCase(name, patchesToBox(entry.patches), entry.box)]),
  ];
}

function checkDecoded(name: string, tokenizer: Tokenizer, ids: number[], expected: string): GoldenCase[] {
  return [equalCase(`${name} decoded`, tokenizer.decode(ids, { cleanUpSpaces: true }), expected)];
}

/** @param alternative fields of another result of equal standing */
function checkText(
  name: string,
  text: string,
  caption: string | null,
  cleanText: string,
  entities: Json[],
  alternative: Json = {},
): GoldenCase[] {
  const result = postProcessGeneration(text);
  const found = result.entities.map(({ text: phrase, span, boxes }) => ({ name: phrase, span, boxes }));
  const accepted = alternative.entities && sameJson(found, alternative.entities) ? alternative.entities : entities;
  const cases = [
    equalCase(`${name} text`, result.text, alternative.clean_text === result.text ? result.text : cleanText),
    equalCase(`${name} entities`, found, accepted),
  ];
  if (caption === null) return cases;
  return [equalCase(`${name} caption`, postProcessGeneration(text, { cleanup: false }).text, caption), ...cases];
}
