/**
 * SentencePiece's precompiled character map (`nmt_nfkc` and the like): a table of byte strings and what each becomes.
 *
 * Layout: uint32 (little-endian) size of the trie in bytes; the trie, a double array of uint32 units (Darts-clone);
 * then the replacements, each ended by a zero byte. The value at a key is the offset of its replacement.
 *
 * At each place the longest key wins, as in SentencePiece, with which the published model was made. The `tokenizers`
 * library looks at whole grapheme clusters instead and so loses some combining marks (in "e" with two marks, say); that
 * is not followed here.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const LEAF_FLAG = 0x100;
const LABEL_MASK = 0x800000ff;
const VALUE_MASK = 0x7fffffff;

/** Where a unit's children lie, relative to the unit. */
function childOffset(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

export class CharacterMap {
  readonly #trie: Uint32Array;
  readonly #replacements: Uint8Array;

  /**
   * @param base64 the `precompiled_charsmap` field of a `Precompiled` normaliser
   * @throws Error when the table is not one
   */
  constructor(base64: string) {
    const bytes = bytesOfBase64(base64);
    const view = new DataView(bytes.buffer);
    const trieBytes = bytes.length >= 4 ? view.getUint32(0, true) : 0;
    if (trieBytes === 0 || trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length) {
      throw new Error(`precompiled_charsmap: ${bytes.length} bytes cannot hold a trie of ${trieBytes} bytes`);
    }
    this.#trie = new Uint32Array(trieBytes / 4);
    for (let unit = 0; unit < this.#trie.length; unit++) this.#trie[unit] = view.getUint32(4 + 4 * unit, true);
    this.#replacements = bytes.subarray(4 + trieBytes);
  }

  /** The text with every longest key replaced; characters that begin no key stay. */
  normalize(text: string): string {
    const input = encoder.encode(text);
    const parts: Uint8Array[] = [];
    let kept = 0;
    let at = 0;
    while (at < input.length) {
      const match = this.#longestKey(input, at);
      if (match.length === 0) {
        at += utf8Length(input[at]);
        continue;
      }
      parts.push(input.subarray(kept, at), this.#replacementAt(match.value));
      at += match.length;
      kept = at;
    }
    if (parts.length === 0) return decoder.decode(input);
    parts.push(input.subarray(kept));
    return decoder.decode(concatenate(parts));
  }

  #longestKey(input: Uint8Array, start: number): { length: number; value: number } {
    const trie = this.#trie;
    let length = 0;
    let value = 0;
    let node = childOffset(trie[0]);
    for (let at = start; at < input.length; at++) {
      node ^= input[at];
      if (node >= trie.length || (trie[node] & LABEL_MASK) >>> 0 !== input[at]) break;
      const unit = trie[node];
      node ^= childOffset(unit);
      if (unit & LEAF_FLAG && node < trie.length) {
        length = at + 1 - start;
        value = trie[node] & VALUE_MASK;
      }
    }
    return { length, value };
  }

  #replacementAt(offset: number): Uint8Array {
    const end = this.#replacements.indexOf(0, offset);
    return this.#replacements.subarray(offset, end < 0 ? this.#replacements.length : end);
  }
}

function bytesOfBase64(base64: string): Uint8Array<ArrayBuffer> {
  let binary: string;
  try {
    binary = atob(base64);
  } catch {
    throw new Error('precompiled_charsmap: not base64');
  }
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** Bytes of the UTF-8 character that starts with this byte (the encoder gives well-formed text only). */
function utf8Length(firstByte: number): number {
  if (firstByte < 0x80) return 1;
  if (firstByte < 0xe0) return 2;
  return firstByte < 0xf0 ? 3 : 4;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
