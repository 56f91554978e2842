/** The `post_processor` of a `tokenizer.json`: the special tokens put around a single text, such as `<s> A </s>`. */
import { arrayAt, idAt, type JsonObject, objectAt, refuse, stringAt, typeAt, unknownComponent } from './fields.ts';

export interface Template {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** @throws Error naming a component other than `TemplateProcessing`, or a template without exactly one text */
export function readTemplate(component: unknown): Template {
  if (component === null || component === undefined) return { before: [], after: [] };
  const fields = objectAt(component, 'post_processor');
  const type = typeAt(fields, 'post_processor');
  if (type !== 'TemplateProcessing') unknownComponent('post_processor', type, 'TemplateProcessing');
  const special = objectAt(fields.special_tokens ?? {}, 'post_processor.special_tokens');
  const before: number[] = [];
  const after: number[] = [];
  let texts = 0;
  for (const [index, entry] of arrayAt(fields.single, 'post_processor.single').entries()) {
    const where = `post_processor.single[${index}]`;
    const part = objectAt(entry, where);
    if (part.Sequence !== undefined) texts++;
    else (texts === 0 ? before : after).push(...specialIds(part, special, where));
  }
  if (texts !== 1) refuse('post_processor.single', `one text is expected, ${texts} are there`);
  return { before, after };
}

function specialIds(part: JsonObject, special: JsonObject, where: string): number[] {
  const name = stringAt(objectAt(part.SpecialToken, `${where}.SpecialToken`).id, `${where}.SpecialToken.id`);
  const entry = objectAt(special[name], `post_processor.special_tokens["${name}"]`);
  return arrayAt(entry.ids, `post_processor.special_tokens["${name}"].ids`).map((id) => idAt(id, where));
}
