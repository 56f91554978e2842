/** A map of bounded size that drops the entry used longest ago. */
export class RecentMap<T> {
  readonly #entries = new Map<string, T>();
  readonly #limit: number;
  readonly #onDrop: (key: string, value: T) => void;

  constructor(limit: number, onDrop: (key: string, value: T) => void = () => {}) {
    this.#limit = limit;
    this.#onDrop = onDrop;
  }

  /** The value, which counts as used now. */
  use(key: string): T | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  /** The value, without counting as a use. */
  peek(key: string): T | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    const [oldest, dropped] = this.#entries.entries().next().value!;
    this.#entries.delete(oldest);
    this.#onDrop(oldest, dropped);
  }

  values(): T[] {
    return [...this.#entries.values()];
  }

  clear(): void {
    this.#entries.clear();
  }
}
