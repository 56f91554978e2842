/**
 * Phrases of Flickr30k Entities that have boxes, as queries for phrase grounding: from the official layout (`Sentences`,
 * `Annotations`, `val.txt`, `test.txt`) or from MDETR's `final_flickr_separateGT_*.json`, which tells no entity types.
 */
import type { Box } from '../../data/grounding.ts';
import { runtime } from '../../engine/runtime/index.ts';
import { type DataSet, DataSetBuilder, type Item } from './data-set.ts';
import { identifier, list, number, text } from './fields.ts';
import { readLines } from './lines.ts';
import { type MdetrImage, readMdetr } from './mdetr.ts';

/** The id is image/sentence/first character of the phrase, the same in both forms: `36979/0/9`. */
export interface PhraseQuery extends Item {
  readonly imageId: string;
  readonly sentence: string;
  readonly phrase: string;
  /** First character of the phrase in the sentence, and the one after its last. */
  readonly span: readonly [number, number];
  readonly types: readonly string[];
  /** Pixels. */
  readonly truth: readonly Box[];
  readonly size: { readonly width: number; readonly height: number };
}

/** @param split the list of image numbers to use: `val` or `test` @throws Error naming file and line */
export async function readFlickrFolder(folder: string, split: string): Promise<DataSet<PhraseQuery>> {
  const builder = new DataSetBuilder<PhraseQuery>();
  for await (const line of readLines(`${folder}/${split}.txt`)) {
    const imageId = line.trim();
    if (imageId === '') continue;
    const annotationFile = `${folder}/Annotations/${imageId}.xml`;
    const sentenceFile = `${folder}/Sentences/${imageId}.txt`;
    const here = await runtime();
    if (!(await here.exists(annotationFile)) || !(await here.exists(sentenceFile))) {
      builder.report(imageId, 'row without annotation', 'its file in Annotations or Sentences is missing');
      continue;
    }
    const annotation = parseAnnotation(await here.readTextFile(annotationFile), annotationFile);
    let sentence = 0;
    for await (const marked of readLines(sentenceFile)) {
      if (marked.trim() === '') continue;
      addSentence(builder, imageId, sentence++, parseSentence(marked), annotation);
    }
  }
  return builder.build();
}

interface Annotation {
  size: PhraseQuery['size'];
  boxes: ReadonlyMap<string, readonly Box[]>;
}

interface Phrase {
  entity: string;
  types: string[];
  text: string;
  span: [number, number];
}

interface Sentence {
  text: string;
  phrases: Phrase[];
}

function addSentence(
  builder: DataSetBuilder<PhraseQuery>,
  imageId: string,
  number: number,
  sentence: Sentence,
  { size, boxes }: Annotation,
): void {
  for (const phrase of sentence.phrases) {
    if (!boxes.has(phrase.entity)) continue;
    // The published script looks a phrase up by its text, so a repeated phrase has the entity of its first occurrence.
    const first = sentence.phrases.find((other) => other.text === phrase.text && boxes.has(other.entity))!;
    builder.add({
      id: `${imageId}/${number}/${phrase.span[0]}`,
      imageId,
      sentence: sentence.text,
      phrase: phrase.text,
      span: phrase.span,
      types: first.types,
      truth: boxes.get(first.entity)!,
      size,
    });
  }
}

/** A sentence whose phrases are marked `[/EN#entity/type/type words]`. */
function parseSentence(marked: string): Sentence {
  const phrases: Phrase[] = [];
  let plain = '';
  let from = 0;
  for (const match of marked.matchAll(/\[\/EN#(\d+)((?:\/[^/\s\]]+)+) ([^\]]*)\]/g)) {
    plain += marked.slice(from, match.index);
    const [whole, entity, types, words] = match;
    phrases.push({
      entity,
      types: types.slice(1).split('/'),
      text: words,
      span: [plain.length, plain.length + words.length],
    });
    plain += words;
    from = match.index + whole.length;
  }
  return { text: (plain + marked.slice(from)).trimEnd(), phrases };
}

/** Size of the picture, and the boxes of each entity. */
function parseAnnotation(xml: string, file: string): Annotation {
  const value = (source: string, tag: string) => {
    const found = Number(new RegExp(`<${tag}>\\s*([-\\d.]+)\\s*</${tag}>`).exec(source)?.[1]);
    if (!Number.isFinite(found)) throw new Error(`${file}: <${tag}> with a number is expected`);
    return found;
  };
  const size = { width: value(xml, 'width'), height: value(xml, 'height') };
  const boxes = new Map<string, Box[]>();
  for (const [, object] of xml.matchAll(/<object>([\s\S]*?)<\/object>/g)) {
    if (!object.includes('<bndbox>')) continue;
    const box: Box = [value(object, 'xmin'), value(object, 'ymin'), value(object, 'xmax'), value(object, 'ymax')];
    for (const [, entity] of object.matchAll(/<name>\s*(\d+)\s*<\/name>/g)) {
      boxes.set(entity, [...(boxes.get(entity) ?? []), box]);
    }
  }
  return { size, boxes };
}

/** @throws Error naming the row that is not as it should be */
export async function readFlickrMdetr(path: string): Promise<DataSet<PhraseQuery>> {
  const builder = new DataSetBuilder<PhraseQuery>();
  for (const image of await readMdetr(path)) addMdetrSentence(builder, image);
  return builder.build();
}

function addMdetrSentence(builder: DataSetBuilder<PhraseQuery>, { row, where, annotations }: MdetrImage): void {
  const imageId = identifier(row, 'original_img_id', where);
  const sentence = text(row, 'caption', where);
  const size = { width: number(row, 'width', where), height: number(row, 'height', where) };
  // Of a query only the first interval counts; a box may belong to several phrases.
  const spans = list(row, 'tokens_positive_eval', where).map((value) => readIntervals(value, where)[0]);
  const phraseAt = ([start, end]: Interval) => sentence.slice(start, end);
  for (const span of spans) {
    const id = `${imageId}/${identifier(row, 'sentence_id', where)}/${span[0]}`;
    const phrase = phraseAt(span);
    const [start, end] = spans.find((other) => phraseAt(other) === phrase)!;
    const isOfPhrase = (interval: Interval) => interval[0] === start && interval[1] === end;
    const truth = annotations
      .filter((one) => readIntervals(one.row.tokens_positive, one.where).some(isOfPhrase))
      .map(({ box }) => box);
    if (truth.length === 0) builder.report(id, 'row without annotation', `"${phrase}" has no box`);
    else builder.add({ id, imageId, sentence, phrase, span, types: [], truth, size });
  }
}

type Interval = readonly [start: number, end: number];

function readIntervals(value: unknown, where: string): Interval[] {
  const isInterval = (one: unknown) => Array.isArray(one) && one.length === 2 && one.every(Number.isInteger);
  if (!Array.isArray(value) || value.length === 0 || !value.every(isInterval)) {
    throw new Error(`${where}: intervals [[start, end]] are expected, but there is ${JSON.stringify(value)}`);
  }
  return value;
}
