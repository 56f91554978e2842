/** What all command lines share: errors in one line, exit codes, Ctrl-C, closed pipes. */
import process from 'node:process';

/** Wrong usage: exit code 2. */
export class UsageError extends Error {}

/** Standard output takes no more, most often since its reader has seen enough (`infer … | head -1`): a command is aborted with this, and has nothing to say of it. */
export class OutputClosed extends Error {}

/** What a command needs of the terminal; tests pass their own. */
export interface Terminal {
  /** Aborted by Ctrl-C, and where the output cannot be written any more. A second Ctrl-C ends the process. */
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
    if (terminal.signal.reason instanceof OutputClosed) return 0;
    const usage = error instanceof UsageError;
    terminal.stderr.write(`${name}: ${oneLine(error)}${usage ? ' (see --help)' : ''}\n`);
    return usage ? 2 : 1;
  }
}

function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().replace(/\s*\n\s*/g, ' ');
}

/**
 * Runs a command as this process: the process ends by itself afterwards, with the command's exit code. It is never ended while a device
 * works, for a driver may crash then (SwiftShader in Deno does, in the midst of compiling).
 */
export async function runCommand(name: string, command: Command): Promise<void> {
  const controller = new AbortController();
  const interrupt = () => controller.abort(new Error('interrupted'));
  process.once('SIGINT', interrupt);
  process.stdout.on('error', (error: Error & { code?: string }) => {
    if (error.code !== 'EPIPE') {
      if (process.exitCode !== 1) process.stderr.write(`${name}: cannot write to standard output: ${oneLine(error)}\n`);
      process.exitCode = 1;
    }
    controller.abort(new OutputClosed());
  });
  const terminal = { signal: controller.signal, stdout: process.stdout, stderr: process.stderr };
  const code = await exitCodeOf(name, command, process.argv.slice(2), terminal);
  process.exitCode ??= code;
  process.off('SIGINT', interrupt);
}
