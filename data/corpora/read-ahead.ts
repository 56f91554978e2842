/** Items of a generator, asked for before they are needed. */
export class ReadAhead<T> {
  readonly #source: AsyncGenerator<T>;
  readonly #count: number;
  readonly #asked: Promise<IteratorResult<T>>[] = [];

  /** @param count how many are asked for and not yet taken */
  constructor(source: AsyncGenerator<T>, count: number) {
    this.#source = source;
    this.#count = count;
  }

  /** @throws Error behind the last item; whatever the source throws */
  async next(): Promise<T> {
    this.#fill();
    const { done, value } = await this.#asked.shift()!;
    if (done) throw new Error('nothing is left to read: the source has ended or was closed');
    this.#fill();
    return value;
  }

  /** Lets the source put away what it has open. */
  async close(): Promise<void> {
    this.#asked.length = 0;
    await this.#source.return(undefined);
  }

  #fill(): void {
    while (this.#asked.length < this.#count) {
      const item = this.#source.next();
      // It is thrown where the item is taken.
      item.catch(() => {});
      this.#asked.push(item);
    }
  }
}
