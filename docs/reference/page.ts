/** A page of the reference, in Markdown: everything that an entry of the package exports. */
import type { Declaration } from './declarations.ts';

export interface Page {
  /** What is imported: `kosmos-webgpu/engine`. */
  readonly entry: string;
  /** Of the page. */
  readonly file: string;
  readonly summary: string;
  readonly declarations: readonly Declaration[];
}

const TITLES: Readonly<Record<Declaration['kind'], string>> = {
  function: 'Functions',
  class: 'Classes',
  value: 'Values',
  type: 'Types',
};
const KINDS = Object.keys(TITLES) as Declaration['kind'][];

/** @param extra put behind the summary */
export function formatPage({ entry, summary, declarations }: Page, extra = ''): string {
  const names = new Set(declarations.map(({ name }) => name));
  const sections = KINDS.flatMap((kind) => {
    const own = declarations.filter((one) => one.kind === kind);
    if (own.length === 0) return [];
    return [
      `## ${TITLES[kind]}`,
      own.map(({ name }) => link(name)).join(' · '),
      ...own.map((one) => formatOne(one, names)),
    ];
  });
  return `${[`# ${entry}`, linked(summary, names), ...(extra ? [extra] : []), ...sections].join('\n\n')}\n`;
}

function formatOne({ name, comment, code, file }: Declaration, names: ReadonlySet<string>): string {
  const text = linked(comment, names)
    .replace(/^@param (\w+)/gm, '- `$1`:')
    .replace(/^@returns /gm, '- gives ')
    .replace(/^@throws /gm, '- throws ');
  return [`### ${name}`, ...(text ? [text] : []), `\`\`\`ts\n${code}\n\`\`\``, `[${file}](../../${file})`].join('\n\n');
}

/** `{@link name}` as a link where the page has the name. */
function linked(text: string, names: ReadonlySet<string>): string {
  return text.replace(/\{@link (\w+)\}/g, (_, name) => (names.has(name) ? link(name) : `\`${name}\``));
}

function link(name: string): string {
  return `[${name}](#${name.toLowerCase()})`;
}

/** The page that leads to the others. */
export function formatIndex(pages: readonly Page[]): string {
  const rows = pages.map(
    ({ entry, file, summary, declarations }) =>
      `| [${entry}](${file}) | ${summary.split(/(?<=\.)\s/)[0]!.replaceAll('\n', ' ')} | ${declarations.length} |`,
  );
  return ['# API reference', '', '| entry | what | names |', '|---|---|---|', ...rows, ''].join('\n');
}
