/** Documents with pictures between their sentences, as Multimodal-C4 holds them. */

import { type DocumentPiece, interleavedSequence } from '../interleaved-sequence.ts';
import type { LoadedPicture } from '../picture.ts';
import { namedPicture } from '../picture-files.ts';
import { Unusable } from '../problems.ts';
import type { Row } from '../readers/record.ts';
import { type Recipe, type RecipeInput, tooLong } from './recipe.ts';

interface DocumentPicture {
  readonly name: string;
  /** The sentence that it goes with. */
  readonly sentence: number;
}

/** Each picture stands before the sentence that it goes with. */
export function interleavedRecipe(input: RecipeInput): Recipe | null {
  const { row, record, folder, random, config, context } = input;
  const sentences = sentencesOf(row);
  const pictures = picturesOf(row, sentences.length, input.report).slice(0, config.maxImages);
  if (pictures.length === 0) throw new Unusable('document without a picture');
  if (pictures.length === 1 && !random.chance(config.singleImageShare)) return null;
  return {
    pictures: pictures.map(({ name }) => namedPicture(record, name, folder)),
    make(loaded) {
      if (loaded.every((picture) => picture === null)) return null;
      const { sequence, pictures: used } = interleavedSequence(piecesOf(sentences, pictures, loaded), context);
      if (used.length === 0) throw tooLong('not even the first picture fits');
      return { images: used.map((index) => loaded[index]!.image), sequences: [sequence] };
    },
  };
}

function piecesOf(
  sentences: readonly string[],
  pictures: readonly DocumentPicture[],
  loaded: readonly (LoadedPicture | null)[],
): DocumentPiece[] {
  return sentences.flatMap((text, sentence): DocumentPiece[] => {
    const before = [...pictures.keys()].filter((index) => loaded[index] && pictures[index]!.sentence === sentence);
    return [...before.map((picture) => ({ picture })), { text }];
  });
}

function sentencesOf({ text_list: list }: Row): string[] {
  const isTexts = Array.isArray(list) && list.every((text) => typeof text === 'string');
  if (!isTexts) throw new Unusable('document without a list of texts');
  if (!list.some((text) => /\S/.test(text))) throw new Unusable('document without a text');
  return list;
}

/** In the order of their sentences; those of one sentence in the record's. */
function picturesOf({ image_info: list }: Row, sentences: number, report: RecipeInput['report']): DocumentPicture[] {
  if (!Array.isArray(list)) throw new Unusable('document without a list of pictures');
  const pictures = list.flatMap((value, index): DocumentPicture[] => {
    const { image_name: name, matched_text_index: at } = (value ?? {}) as Row;
    const sentence = Number(at);
    if (typeof name === 'string' && Number.isInteger(sentence) && sentence >= 0 && sentence < sentences)
      return [{ name, sentence }];
    report(new Unusable('picture without a name or a place in the text', `image_info[${index}]`));
    return [];
  });
  return pictures.sort((a, b) => a.sentence - b.sentence);
}
