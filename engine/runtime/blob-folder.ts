/**
 * A folder of files that the user of a page has chosen: a path that the runtime reads like any other. Nothing is copied and nothing is kept
 * here: the path is an object URL of a list, and the list names the files' object URLs, which the browser keeps.
 */

/** The path of a file in such a folder: the list, and a name in it. */
const INSIDE = /^(blob:[^?#]+?\/[\da-f]{8}-[\da-f-]{27})\/(.+)$/;

export interface BlobFolder {
  /** For whatever takes a folder; valid on this page and in its workers until `close`. */
  readonly path: string;
  close(): void;
}

/** @param files by their paths within the folder, with `/` between names */
export function blobFolder(files: Iterable<readonly [name: string, content: Blob]>): BlobFolder {
  const places = Object.fromEntries([...files].map(([name, content]) => [name, URL.createObjectURL(content)]));
  const path = URL.createObjectURL(new Blob([JSON.stringify(places)], { type: 'application/json' }));
  return {
    path,
    close() {
      for (const url of [path, ...Object.values(places)]) URL.revokeObjectURL(url);
    },
  };
}

/** Where the content of `url` is: itself, but for a file of a blob folder; null where the folder has no such file. */
export async function placeOfUrl(url: string): Promise<string | null> {
  const [, list, name] = INSIDE.exec(url) ?? [];
  if (list === undefined) return url;
  const places: Record<string, string> = await (await fetch(list)).json();
  return Object.hasOwn(places, name) ? places[name] : null;
}
