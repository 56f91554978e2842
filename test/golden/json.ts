import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { GoldenCase } from './case.ts';

// biome-ignore lint/suspicious/noExplicitAny: golden files are described by their README; a wrong shape fails the case
export type Json = any;

export async function readJson(file: string): Promise<Json> {
  const text = await readFile(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`);
  }
}

/** As `readJson`, or null where there is no such file. */
export async function readOptionalJson(file: string): Promise<Json> {
  return existsSync(file) ? readJson(file) : null;
}

/** A case that asks for equality of two JSON values. */
export function equalCase(name: string, actual: unknown, expected: unknown): GoldenCase {
  const ok = sameJson(actual, expected);
  return ok
    ? { name, deviation: 'equal', tolerance: 'equal', ok }
    : { name, deviation: 'differs', tolerance: 'equal', ok, detail: difference(actual, expected) };
}

/** Whether two JSON values are equal, whatever the order of their keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((value, index) => sameJson(value, b[index]));
  }
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => key in b && sameJson(a[key], b[key]));
  }
  return a === b;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function difference(actual: unknown, expected: unknown): string {
  const [a, b] = [JSON.stringify(actual) ?? String(actual), JSON.stringify(expected) ?? String(expected)];
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const show = (text: string) => text.slice(Math.max(0, at - 30), at + 50);
  return `got …${show(a)}… where …${show(b)}… is expected`;
}

/** A case that must be refused: it is right when the attempt throws. */
export function refusedCase(name: string, attempt: () => unknown): GoldenCase {
  const message = messageOf(attempt);
  return message === null
    ? { name, deviation: 'accepted', tolerance: 'refused', ok: false }
    : { name, deviation: 'refused', tolerance: 'refused', ok: true, detail: message };
}

/** The message of the error that an attempt throws, or null. */
export function messageOf(attempt: () => unknown): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
