/** What all command lines share: errors in one line, exit codes, Ctrl-C, closed pipes. */
import process from 'node:process';

/** Wrong usage: exit code 2. */
export class UsageError extends Error {}

/** What a command needs of the terminal; tests pass their own. */
export interface Terminal {
  /** Aborted by Ctrl-C. A second Ctrl-C ends the process. */
  readonly signal: AbortSignal;
  readonly stdout: Output;
  readonly stderr: Output;
}

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A command: takes its words and returns its exit code. */
export type Command = (words: readonly string[], terminal: Terminal) => Promise<number>;

/** Runs a command; an error becomes one line on standard error, and 1, or 2 for wrong usage. */
export async function exitCodeOf(
  name: string,
  command: Command,
  words: readonly string[],
  terminal: Terminal,
): Promise<number> {
  try {
    return await command(words, terminal);
  } catch (error) {
    const usage = error instanceof UsageError;
    terminal.stderr.write(`${name}: ${oneLine(error)}${usage ? ' (see --help)' : ''}\n`);
    return usage ? 2 : 1;
  }
}

function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().replace(/\s*\n\s*/g, ' ');
}

/** Runs a command as this process: the process ends by itself afterwards, with the command's exit code. */
export async function runCommand(name: string, command: Command): Promise<void> {
  const controller = new AbortController();
  const interrupt = () => controller.abort(new Error('interrupted'));
  process.once('SIGINT', interrupt);
  // whoever reads the output has seen enough: `infer … | head -1`
  process.stdout.on('error', (error: Error & { code?: string }) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const terminal = { signal: controller.signal, stdout: process.stdout, stderr: process.stderr };
  process.exitCode = await exitCodeOf(name, command, process.argv.slice(2), terminal);
  process.off('SIGINT', interrupt);
}
