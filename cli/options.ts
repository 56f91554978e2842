/** What the readers of command lines share: words to values, with errors that name the option. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './command.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** `parseArgs` with errors of one sentence. */
export function parseWords<T extends Options>(words: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...words], allowPositionals: true, options });
  } catch (error) {
    const { message } = error as Error;
    const ambiguous = /'(--[\w-]+)[^']*' argument is ambiguous/.exec(message);
    if (ambiguous)
      throw new UsageError(`${ambiguous[1]} takes a value; one that begins with a dash is written ${ambiguous[1]}=…`);
    // what follows the first sentence is advice on files whose names begin with a dash
    throw new UsageError(message.split(/\.\s/)[0].replace(/\.$/, ''));
  }
}

export function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}

export function wholeNumber(
  name: string,
  text: string | undefined,
  least: number,
  most = Infinity,
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least || value > most) {
    const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new UsageError(`${name} takes a whole number ${range}, not ${quoted(text)}`);
  }
  return value;
}

export function positive(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!isNumber(text) || value <= 0 || value > most)
    throw new UsageError(
      `${name} takes a number above 0${most === Infinity ? '' : ` and at most ${most}`}, not ${quoted(text)}`,
    );
  return value;
}

export function oneOf<T extends string>(name: string, text: string | undefined, choices: readonly [T, ...T[]]): T {
  const found = choices.find((choice) => choice === (text ?? choices[0]));
  if (!found) throw new UsageError(`${name} takes ${choices.join(', ')}, not ${quoted(text!)}`);
  return found;
}

export function quoted(text: string): string {
  return JSON.stringify(text);
}
