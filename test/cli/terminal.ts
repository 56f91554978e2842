/** A terminal that tests read from. */
import { exitCodeOf, type Terminal } from '../../cli/command.ts';
import { infer } from '../../cli/infer.ts';

export interface Captured extends Terminal {
  out: string;
  errors: string;
}

export function captured(signal: AbortSignal = new AbortController().signal): Captured {
  const terminal: Captured = {
    signal,
    out: '',
    errors: '',
    stdout: {
      write(text) {
        terminal.out += text;
      },
    },
    stderr: {
      write(text) {
        terminal.errors += text;
      },
    },
  };
  return terminal;
}

/** Runs `infer` in this process. */
export async function runInfer(...words: string[]): Promise<{ code: number; out: string; errors: string }> {
  const terminal = captured();
  const code = await exitCodeOf('infer', infer, words, terminal);
  return { code, out: terminal.out, errors: terminal.errors };
}
