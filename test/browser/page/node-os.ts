/** `node:os`: temporary files are the site's own. */

export function tmpdir(): string {
  return 'opfs:/tmp';
}
