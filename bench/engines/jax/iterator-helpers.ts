/** Iterator helpers (ECMAScript 2025), which jax-js uses in its einsum and Node 20 has not. */

function* map<T, U>(this: Iterable<T>, change: (value: T) => U): Generator<U> {
  for (const value of this) yield change(value);
}

function* filter<T>(this: Iterable<T>, keeps: (value: T) => boolean): Generator<T> {
  for (const value of this) if (keeps(value)) yield value;
}

/** Adds those that are missing to all iterators of this process. */
export function provideIteratorHelpers(): void {
  const prototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
  for (const [name, value] of Object.entries({ map, filter })) {
    if (!(name in prototype)) Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
}
