/** The parser that ships with this package. */
import { runtime } from '../../../engine/runtime/index.ts';
import { PARSER_FILES, Parser } from './parser.ts';

/** Beside the sources, and beside `dist/`, which holds no weights. */
const PLACES = ['./weights', '../../../../data/grit/parser/weights'];

/** Folder of the weights of the parser that ships, which were trained on UD English-EWT. */
export async function shippedParserFolder(): Promise<string> {
  const here = await runtime();
  for (const place of PLACES) {
    const folder = pathOf(new URL(place, import.meta.url));
    if (await here.exists(`${folder}/${PARSER_FILES.config}`)) return folder;
  }
  throw new Error('this package is incomplete: the weights of its parser are missing; make them with train-parser');
}

export async function loadShippedParser(): Promise<Parser> {
  return Parser.load(await shippedParserFolder());
}

/** A browser reads URLs, the others paths. */
function pathOf({ protocol, pathname, href }: URL): string {
  if (protocol !== 'file:') return href;
  const path = decodeURIComponent(pathname);
  return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
}
