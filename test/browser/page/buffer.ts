/** What tests take from Node's `Buffer`: byte arrays that are joined, and written as base64 or hexadecimal. */

/** Newer than the types know them. */
type Written = Uint8Array & { toBase64(): string; toHex(): string };

function from(content: string | Uint8Array | ArrayBuffer): Uint8Array {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content);
  const written = (encoding = 'utf8') => {
    if (encoding === 'base64') return (bytes as Written).toBase64();
    return encoding === 'hex' ? (bytes as Written).toHex() : new TextDecoder().decode(bytes);
  };
  return Object.defineProperty(bytes, 'toString', { value: written });
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = from(new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0)));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

Object.assign(globalThis, { Buffer: { from, concat } });
