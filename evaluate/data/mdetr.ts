/** The form in which MDETR distributes Flickr30k Entities and RefCOCO: `images` (one an expression) and `annotations`. */
import type { Box } from '../../data/grounding.ts';
import { readJson } from '../../engine/runtime/json.ts';
import { asRow, identifier, list, type Row } from './fields.ts';

export interface MdetrAnnotation {
  /** Pixels, corners. */
  readonly box: Box;
  readonly row: Row;
  readonly where: string;
}

export interface MdetrImage {
  readonly row: Row;
  readonly where: string;
  readonly annotations: readonly MdetrAnnotation[];
}

/** Whether a parsed file is of this form. */
export function isMdetr(document: unknown): document is Row {
  const row = document as Row | null;
  return Array.isArray(row?.images) && Array.isArray(row?.annotations);
}

/** @throws Error naming the row that is not as it should be */
export async function readMdetr(path: string): Promise<MdetrImage[]> {
  return mdetrImages(await readJson(path), path);
}

/** The images of a parsed file, each with its annotations. */
export function mdetrImages(document: unknown, path: string): MdetrImage[] {
  if (!isMdetr(document)) throw new Error(`${path}: "images" and "annotations" are expected, as in MDETR's files`);
  const byImage = new Map<string, MdetrAnnotation[]>();
  for (const [index, value] of list(document, 'annotations', path).entries()) {
    const where = `${path} annotations[${index}]`;
    const row = asRow(value, where);
    const id = identifier(row, 'image_id', where);
    byImage.set(id, byImage.get(id) ?? []);
    byImage.get(id)!.push({ row, where, box: cornersOf(row.bbox, where) });
  }
  return list(document, 'images', path).map((value, index) => {
    const where = `${path} images[${index}]`;
    const row = asRow(value, where);
    return { row, where, annotations: byImage.get(identifier(row, 'id', where)) ?? [] };
  });
}

/** Corners of a box given by its upper-left corner, width and height. */
export function cornersOf(value: unknown, where: string): Box {
  if (!Array.isArray(value) || value.length !== 4 || !value.every((part) => Number.isFinite(part))) {
    throw new Error(`${where}: a box [x, y, width, height] is expected, but there is ${JSON.stringify(value)}`);
  }
  const [x, y, width, height] = value;
  return [x, y, x + width, y + height];
}
