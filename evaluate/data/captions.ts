/**
 * Pictures with several captions: the COCO caption files (`captions_val2014.json`), Karpathy's splits
 * (`dataset_flickr30k.json`, `dataset_coco.json`), or rows of `id` and `captions`.
 */
import { readJson } from '../../engine/runtime/json.ts';
import { type DataSet, DataSetBuilder, type Item } from './data-set.ts';
import { asRow, identifier, list, type Row, text, texts } from './fields.ts';
import { readRecords } from './records.ts';

export interface CaptionedImage extends Item {
  readonly fileName: string;
  readonly captions: readonly string[];
}

/**
 * Ids are COCO's image ids, the names of the files without their endings (Karpathy's Flickr30k), or the rows' own.
 *
 * @param split of Karpathy's files: `test`, `val`, …
 * @throws Error naming the row that is not as it should be
 */
export async function readCaptions(path: string, split: string): Promise<DataSet<CaptionedImage>> {
  const builder = new DataSetBuilder<CaptionedImage>();
  const document = /\.json$/i.test(path) ? await readJson(path) : null;
  if (document !== null && !Array.isArray(document)) {
    const row = asRow(document, path);
    if (Array.isArray(row.annotations)) addCoco(builder, row, path);
    else addKarpathy(builder, row, path, split);
    return builder.build();
  }
  for await (const { row, where } of readRecords(path)) {
    addImage(builder, identifier(row, 'id', where), String(row.image ?? ''), texts(row, 'captions', where));
  }
  return builder.build();
}

function addCoco(builder: DataSetBuilder<CaptionedImage>, document: Row, path: string): void {
  const captions = new Map<string, string[]>();
  for (const [index, value] of list(document, 'annotations', path).entries()) {
    const where = `${path} annotations[${index}]`;
    const row = asRow(value, where);
    const id = identifier(row, 'image_id', where);
    captions.set(id, captions.get(id) ?? []);
    captions.get(id)!.push(text(row, 'caption', where));
  }
  for (const [index, value] of list(document, 'images', path).entries()) {
    const where = `${path} images[${index}]`;
    const row = asRow(value, where);
    const id = identifier(row, 'id', where);
    addImage(builder, id, String(row.file_name ?? ''), captions.get(id) ?? []);
    captions.delete(id);
  }
  for (const id of captions.keys())
    builder.report(id, 'row without annotation', 'captions of a picture that is not listed');
}

function addKarpathy(builder: DataSetBuilder<CaptionedImage>, document: Row, path: string, split: string): void {
  let found = false;
  for (const [index, value] of list(document, 'images', path).entries()) {
    const where = `${path} images[${index}]`;
    const row = asRow(value, where);
    if (row.split !== split) continue;
    found = true;
    const fileName = text(row, 'filename', where);
    const id = row.cocoid === undefined ? fileName.replace(/\.\w+$/, '') : identifier(row, 'cocoid', where);
    const captions = list(row, 'sentences', where).map((sentence) => text(asRow(sentence, where), 'raw', where));
    addImage(builder, id, fileName, captions);
  }
  if (!found) throw new Error(`${path}: no picture is of the split "${split}"`);
}

function addImage(builder: DataSetBuilder<CaptionedImage>, id: string, fileName: string, captions: string[]): void {
  if (captions.length === 0) builder.report(id, 'row without annotation', 'the picture has no caption');
  else builder.add({ id, fileName, captions });
}
