/** JSON files. */
import { runtime } from './index.ts';

/** A link left as text is no longer than this. */
const LONGEST_LINK = 500;

/**
 * A parsed JSON file; errors name it. A file that holds nothing but the relative path of another JSON file stands for that one: it
 * is what is left of a symbolic link where links are not supported.
 */
export async function readJson(path: string): Promise<unknown> {
  const here = await runtime();
  const text = await here.readTextFile(path);
  const link = linkIn(text);
  if (link === null) return parse(text, path);
  const target = link.startsWith('/') ? link : `${path.slice(0, path.lastIndexOf('/') + 1)}${link}`;
  return parse(await here.readTextFile(target), target);
}

function linkIn(text: string): string | null {
  if (text.length > LONGEST_LINK) return null;
  const line = text.trim();
  return /^[^\s"{}[\]]+\.json$/.test(line) ? line : null;
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is no valid JSON: ${(error as Error).message}`);
  }
}
