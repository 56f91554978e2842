/** What the bench and its processes or pages say to each other: one request, one answer, nothing else on the way. */
import type { Figures, Measure, Work } from './works.ts';

export type Request =
  | { readonly do: 'describe' }
  | { readonly do: 'prepare'; readonly work: Work }
  /** Milliseconds of so many runs, each waited for. */
  | { readonly do: 'run'; readonly times: number }
  | { readonly do: 'outputs' }
  | { readonly do: 'release' }
  | { readonly do: 'measure'; readonly measure: Measure };

/** The values of the answers, by request. Outputs are the bytes of little-endian f32 in base64. */
export interface Values {
  describe: { adapter: string };
  prepare: null;
  run: number[];
  outputs: string[];
  release: null;
  measure: Figures;
}

export type Answer =
  | { readonly ok: true; readonly value: Values[Request['do']] }
  | { readonly ok: false; readonly message: string; readonly unsupported: boolean };

/** Begins each line of a process that is an answer: libraries print what they like. */
export const answerMark = '\u0001bench ';

export function toBase64(values: Float32Array): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  // in pieces of whole triples: a call takes only so many arguments, and padding may stand only at the end
  const piece = 3 * 2 ** 13;
  let text = '';
  for (let at = 0; at < bytes.length; at += piece) text += btoa(String.fromCharCode(...bytes.subarray(at, at + piece)));
  return text;
}

export function fromBase64(text: string): Float32Array {
  return new Float32Array(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer);
}
