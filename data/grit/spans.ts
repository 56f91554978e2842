/** Stretches of a caption. Offsets count Unicode code points, as the published GRIT files and Python's strings do. */

export interface Span {
  /** First code point. */
  start: number;
  /** One behind the last code point. */
  end: number;
}

/** Length of a text in code points. */
export function countCodePoints(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length - 1; at++) {
    if (isPair(text, at)) {
      count--;
      at++;
    }
  }
  return count;
}

/** The code points of a text one by one; a lone surrogate counts as one. */
export class CodePoints {
  readonly text: string;
  readonly length: number;
  /** UTF-16 offset of every code point, or null where both kinds of offset agree. */
  readonly #offsets: Uint32Array | null;

  constructor(text: string) {
    this.text = text;
    this.length = countCodePoints(text);
    this.#offsets = this.length === text.length ? null : codePointOffsets(text, this.length);
  }

  /** The text of a span; what lies outside the caption is left out. */
  slice({ start, end }: Span): string {
    return this.text.slice(this.#utf16(start), this.#utf16(end));
  }

  #utf16(index: number): number {
    if (this.#offsets === null) return index;
    return index >= this.length ? this.text.length : this.#offsets[Math.max(0, index)]!;
  }
}

/** Whether `outer` covers `inner` and is not the same span. */
export function contains(outer: Span, inner: Span): boolean {
  return outer.start <= inner.start && inner.end <= outer.end && !sameSpan(outer, inner);
}

export function sameSpan(a: Span, b: Span): boolean {
  return a.start === b.start && a.end === b.end;
}

/**
 * The spans that no different one of the list contains, in the list's order (paper, section 2: only expressions that are not
 * contained in others are kept). Equal spans stay together or go together.
 */
export function maximalSpans<T extends Span>(spans: readonly T[]): T[] {
  const outermostFirst = [...spans].sort((a, b) => a.start - b.start || b.end - a.end);
  const contained = new Set<T>();
  let last: T | null = null;
  let reach = -1;
  let reachBeforeLast = -1;
  for (const span of outermostFirst) {
    if (last === null || !sameSpan(span, last)) {
      reachBeforeLast = reach;
      reach = Math.max(reach, span.end);
      last = span;
    }
    if (span.end <= reachBeforeLast) contained.add(span);
  }
  return spans.filter((span) => !contained.has(span));
}

function codePointOffsets(text: string, count: number): Uint32Array {
  const offsets = new Uint32Array(count);
  let at = 0;
  for (let index = 0; index < count; index++) {
    offsets[index] = at;
    at += isPair(text, at) ? 2 : 1;
  }
  return offsets;
}

function isPair(text: string, at: number): boolean {
  return text.codePointAt(at)! > 0xffff;
}
