/** The `normalizer` of a `tokenizer.json`: what is done to plain text before it is cut into words. */
import { CharacterMap } from './charsmap.ts';
import { arrayAt, type JsonObject, objectAt, refuse, stringAt, typeAt, unknownComponent } from './fields.ts';

export type Normalizer = (text: string) => string;

/** @throws Error naming a component other than `Precompiled`, `Replace` and `Sequence` */
export function buildNormalizer(component: unknown, where = 'normalizer'): Normalizer {
  if (component === null || component === undefined) return (text) => text;
  const fields = objectAt(component, where);
  const type = typeAt(fields, where);
  switch (type) {
    case 'Sequence':
      return sequence(fields, where);
    case 'Precompiled': {
      const map = new CharacterMap(stringAt(fields.precompiled_charsmap, `${where}.precompiled_charsmap`));
      return (text) => map.normalize(text);
    }
    case 'Replace':
      return replace(fields, where);
    default:
      return unknownComponent(where, type, 'Sequence, Precompiled, Replace');
  }
}

function sequence(fields: JsonObject, where: string): Normalizer {
  const steps = arrayAt(fields.normalizers, `${where}.normalizers`).map((step, index) =>
    buildNormalizer(step, `${where}.normalizers[${index}]`),
  );
  return (text) => steps.reduce((current, step) => step(current), text);
}

function replace(fields: JsonObject, where: string): Normalizer {
  const pattern = objectAt(fields.pattern, `${where}.pattern`);
  const content = stringAt(fields.content, `${where}.content`);
  if (typeof pattern.String === 'string') {
    const from = pattern.String;
    return (text) => text.replaceAll(from, () => content);
  }
  const source = stringAt(pattern.Regex, `${where}.pattern.Regex`);
  let expression: RegExp;
  try {
    expression = new RegExp(source, 'gu');
  } catch (error) {
    refuse(`${where}.pattern.Regex`, `"${source}" is no regular expression here: ${(error as Error).message}`);
  }
  return (text) => text.replace(expression, () => content);
}
