/** The `pre_tokenizer` of a `tokenizer.json`: cuts normalised text into the pieces that the model sees one by one. */
import { splitAtWhiteSpace } from '../white-space.ts';
import { arrayAt, type JsonObject, objectAt, refuse, typeAt, unknownComponent } from './fields.ts';

/** Pieces in, finer pieces out; empty pieces vanish. */
export type PreTokenizer = (pieces: readonly string[]) => string[];

/** @throws Error naming a component other than `WhitespaceSplit`, `Metaspace` and `Sequence` */
export function buildPreTokenizer(component: unknown, where = 'pre_tokenizer'): PreTokenizer {
  if (component === null || component === undefined) return (pieces) => pieces.filter((piece) => piece !== '');
  const fields = objectAt(component, where);
  const type = typeAt(fields, where);
  switch (type) {
    case 'Sequence':
      return sequence(fields, where);
    case 'WhitespaceSplit':
      return (pieces) => pieces.flatMap(splitAtWhiteSpace);
    case 'Metaspace':
      return metaspace(fields, where);
    default:
      return unknownComponent(where, type, 'Sequence, WhitespaceSplit, Metaspace');
  }
}

function sequence(fields: JsonObject, where: string): PreTokenizer {
  const steps = arrayAt(fields.pretokenizers, `${where}.pretokenizers`).map((step, index) =>
    buildPreTokenizer(step, `${where}.pretokenizers[${index}]`),
  );
  return (pieces) => steps.reduce<string[]>((current, step) => step(current), [...pieces]);
}

function metaspace(fields: JsonObject, where: string): PreTokenizer {
  const { replacement, prepend } = readMetaspace(fields, where);
  const marked = (piece: string): string => {
    const joined = piece.replaceAll(' ', replacement);
    return prepend && !joined.startsWith(replacement) ? replacement + joined : joined;
  };
  const whole = fields.split === false;
  return (pieces) =>
    pieces.flatMap((piece) => {
      if (piece === '') return [];
      return whole ? [marked(piece)] : splitBefore(marked(piece), replacement);
    });
}

/** Cuts before every mark: "▁a▁▁b" becomes "▁a", "▁", "▁b". */
function splitBefore(piece: string, mark: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let next = piece.indexOf(mark, 1); next >= 0; next = piece.indexOf(mark, next + 1)) {
    parts.push(piece.slice(start, next));
    start = next;
  }
  parts.push(piece.slice(start));
  return parts;
}

/** What `Metaspace` says as a pre-tokenizer and as a decoder; older files say `add_prefix_space` for `prepend_scheme`. */
export function readMetaspace(fields: JsonObject, where: string): { replacement: string; prepend: boolean } {
  const replacement = fields.replacement ?? '▁';
  if (typeof replacement !== 'string' || replacement.length !== 1) {
    refuse(`${where}.replacement`, 'one character of the basic plane is expected');
  }
  const scheme = fields.prepend_scheme ?? (fields.add_prefix_space === false ? 'never' : 'always');
  if (scheme !== 'always' && scheme !== 'never') {
    refuse(`${where}.prepend_scheme`, `"${String(scheme)}" is not supported (supported: always, never)`);
  }
  return { replacement, prepend: scheme === 'always' };
}
