/** Clean text of a generation while it comes: the tags taken out piece by piece. */

/** Takes text in pieces and gives it back without tags (every shortest `<…>` on one line), as soon as that is settled. */
export class TagStripper {
  #held = '';

  /** The text that is settled: all but what may become a tag. */
  push(piece: string): string {
    this.#held += piece;
    const clean = this.#held.replace(/<[^>\n]*>/g, '');
    const open = openTag(clean);
    this.#held = clean.slice(open);
    return clean.slice(0, open);
  }

  /** What is left at the end: a tag that was never closed is text. */
  finish(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }
}

/** Where the first `<` stands that no line feed follows; the length where there is none. */
function openTag(text: string): number {
  const open = text.indexOf('<', text.lastIndexOf('\n') + 1);
  return open < 0 ? text.length : open;
}
