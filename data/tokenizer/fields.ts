/** Reading the fields of a parsed `tokenizer.json`, with errors that name the place. */

export type JsonObject = { readonly [key: string]: unknown };

/** Throws the one form of error that this folder uses for a file it cannot work with. */
export function refuse(where: string, problem: string): never {
  throw new Error(`tokenizer.json, ${where}: ${problem}`);
}

export function objectAt(value: unknown, where: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(where, 'an object is expected');
  return value as JsonObject;
}

export function arrayAt(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) refuse(where, 'an array is expected');
  return value;
}

export function stringAt(value: unknown, where: string): string {
  if (typeof value !== 'string') refuse(where, 'a string is expected');
  return value;
}

export function idAt(value: unknown, where: string): number {
  if (!Number.isInteger(value) || (value as number) < 0) refuse(where, 'a whole number >= 0 is expected');
  return value as number;
}

/** The `type` of a component, which decides what the rest of it means. */
export function typeAt(component: JsonObject, where: string): string {
  return stringAt(component.type, `${where}.type`);
}

/** Refuses a component that this library does not know, naming those that it does. */
export function unknownComponent(where: string, type: string, known: string): never {
  return refuse(where, `the component "${type}" is not supported (supported: ${known})`);
}
