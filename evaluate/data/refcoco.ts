/**
 * RefCOCO, RefCOCO+ and RefCOCOg: MDETR's `finetune_refcoco*_*.json`, or lists exported from `refs.p` with an expression
 * (`sent`) and its box (`gt_box`) a row.
 */
import type { Box } from '../../data/grounding.ts';
import { readJson } from '../../engine/runtime/json.ts';
import { type DataSet, DataSetBuilder, type Item } from './data-set.ts';
import { asRow, identifier, number, text } from './fields.ts';
import { cornersOf, isMdetr, mdetrImages } from './mdetr.ts';

export interface ReferringExpression extends Item {
  readonly caption: string;
  /** Pixels. */
  readonly box: Box;
  readonly fileName: string;
  /** Null where the file does not tell it (`refs.p` exports). */
  readonly size: { readonly width: number; readonly height: number } | null;
}

/** Ids are those of MDETR's `images`; in an export the place in the list. @throws Error naming the row that is wrong */
export async function readRefcoco(path: string): Promise<DataSet<ReferringExpression>> {
  const document = await readJson(path);
  const builder = new DataSetBuilder<ReferringExpression>();
  if (isMdetr(document)) addMdetr(builder, document, path);
  else if (Array.isArray(document)) addExport(builder, document, path);
  else throw new Error(`${path}: neither MDETR's form (images, annotations) nor a list of expressions`);
  return builder.build();
}

function addMdetr(builder: DataSetBuilder<ReferringExpression>, document: unknown, path: string): void {
  for (const { row, where, annotations } of mdetrImages(document, path)) {
    const id = identifier(row, 'id', where);
    if (annotations.length === 0) {
      builder.report(id, 'row without annotation', 'the expression has no box');
      continue;
    }
    builder.add({
      id,
      caption: text(row, 'caption', where),
      box: annotations[0].box,
      fileName: text(row, 'file_name', where),
      size: { width: number(row, 'width', where), height: number(row, 'height', where) },
    });
  }
}

function addExport(builder: DataSetBuilder<ReferringExpression>, rows: readonly unknown[], path: string): void {
  for (const [index, value] of rows.entries()) {
    const where = `${path} [${index}]`;
    const row = asRow(value, where);
    const id = String(index);
    if (row.gt_box === undefined || row.gt_box === null) {
      builder.report(id, 'row without annotation', 'the expression has no gt_box');
      continue;
    }
    const [regions] = Array.isArray(row.pred_boxes_img_id) ? row.pred_boxes_img_id : [];
    // Regions are named after their picture: COCO_train2014_000000266240_0.jpg.
    const fileName = typeof regions === 'string' ? regions.replace(/_\d+(\.\w+)$/, '$1') : '';
    builder.add({ id, caption: text(row, 'sent', where), box: cornersOf(row.gt_box, where), fileName, size: null });
  }
}

/** An object and all that was said of it. */
export interface ReferredObject extends Item {
  readonly captions: readonly string[];
  readonly box: Box;
  readonly fileName: string;
  readonly size: ReferringExpression['size'];
}

/** Expressions of the same box of the same picture belong to one object, which has the id of the first of them. */
export function groupByObject(expressions: readonly ReferringExpression[]): ReferredObject[] {
  const objects = new Map<string, ReferredObject & { captions: string[] }>();
  for (const { id, caption, box, fileName, size } of expressions) {
    const key = `${fileName} ${box.join(' ')}`;
    const object = objects.get(key) ?? { id, captions: [], box, fileName, size };
    object.captions.push(caption);
    objects.set(key, object);
  }
  return [...objects.values()];
}
