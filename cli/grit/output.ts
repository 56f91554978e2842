/** What `grit` prints: text for people, or the elements of the list in the one JSON document. */
import type { Terminal } from '../command.ts';

export interface WrittenFiles {
  readonly folder: string;
  readonly files: readonly string[];
}

export interface GritOutput {
  /** A caption or a record. */
  item(text: () => string, json: () => string): Promise<void>;
  /** @param more further fields of the document */
  end(text: string, summary: object, out: WrittenFiles | null, more?: object): Promise<void>;
}

export function gritOutput(
  list: 'captions' | 'records',
  { json, quiet }: { readonly json: boolean; readonly quiet: boolean },
  { stdout }: Terminal,
): GritOutput {
  return json ? jsonOutput(list, quiet, stdout) : textOutput(quiet, stdout);
}

/** Quiet, the list is empty: of very many captions it would be as large as what is written. */
function jsonOutput(list: string, quiet: boolean, stdout: Terminal['stdout']): GritOutput {
  let separator = `{"${list}":[\n`;
  return {
    async item(_, json) {
      if (quiet) return;
      await print(stdout, separator + json());
      separator = ',\n';
    },
    async end(_, summary, out, more = {}) {
      const opening = separator === ',\n' ? '' : separator;
      const rest = Object.entries({ summary, out, ...more }).map(
        ([name, value]) => `"${name}":${JSON.stringify(value)}`,
      );
      await print(stdout, `${opening}\n],\n${rest.join(',\n')}}\n`);
    },
  };
}

function textOutput(quiet: boolean, stdout: Terminal['stdout']): GritOutput {
  return {
    async item(text) {
      if (!quiet) await print(stdout, `${text()}\n`);
    },
    async end(text, _, out) {
      await print(stdout, text + (out ? `written to ${out.folder}: ${filesTold(out.files)}\n` : ''));
    },
  };
}

/** The first and the last of many. */
function filesTold(files: readonly string[]): string {
  if (files.length <= 12) return files.join(', ');
  return `${files.slice(0, 4).join(', ')}, …, ${files.slice(-4).join(', ')} (${files.length} files)`;
}

/** Waits until a pipe that is full has taken it, so that no more than one caption is held. */
async function print(stdout: Terminal['stdout'], text: string): Promise<void> {
  if (stdout.write(text) !== false) return;
  const stream = stdout as { once?: (event: 'drain', heard: () => void) => unknown };
  await new Promise<void>((done) => (stream.once ? stream.once('drain', done) : done()));
}
