/** Where the rows of a large file are, by what they are called: some 25 bytes a row, for names are read again where they are wanted. */

/** No row. */
const NONE = -1;
const FIRST_CAPACITY = 1024;

export class RowIndex {
  #count = 0;
  #hashes = new Uint32Array(FIRST_CAPACITY);
  #offsets = new Float64Array(FIRST_CAPACITY);
  #lengths = new Uint32Array(FIRST_CAPACITY);
  /** The row before with the same bucket. */
  #before = new Int32Array(FIRST_CAPACITY);
  /** The last row of each bucket, of which there are as many as there is room for rows. */
  #buckets = new Int32Array(FIRST_CAPACITY).fill(NONE);
  #isMarked = new Uint8Array(FIRST_CAPACITY);

  get size(): number {
    return this.#count;
  }

  /** @param hash 32 bits of the row's name */
  add(hash: number, offset: number, length: number): void {
    if (this.#count === this.#hashes.length) this.#grow();
    const row = this.#count++;
    this.#hashes[row] = hash;
    this.#offsets[row] = offset;
    this.#lengths[row] = length;
    this.#link(row);
  }

  /** Rows whose name may be the one with this hash, in the order of the file. */
  rows(hash: number): number[] {
    const found: number[] = [];
    for (let row = this.#buckets[this.#bucketOf(hash)]!; row !== NONE; row = this.#before[row]!) {
      if (this.#hashes[row] === hash >>> 0) found.push(row);
    }
    return found.reverse();
  }

  place(row: number): { readonly offset: number; readonly length: number } {
    return { offset: this.#offsets[row]!, length: this.#lengths[row]! };
  }

  mark(row: number): void {
    this.#isMarked[row] = 1;
  }

  isMarked(row: number): boolean {
    return this.#isMarked[row] === 1;
  }

  #bucketOf(hash: number): number {
    return (hash >>> 0) & (this.#buckets.length - 1);
  }

  #link(row: number): void {
    const bucket = this.#bucketOf(this.#hashes[row]!);
    this.#before[row] = this.#buckets[bucket]!;
    this.#buckets[bucket] = row;
  }

  #grow(): void {
    const capacity = 2 * this.#hashes.length;
    this.#hashes = copied(new Uint32Array(capacity), this.#hashes);
    this.#offsets = copied(new Float64Array(capacity), this.#offsets);
    this.#lengths = copied(new Uint32Array(capacity), this.#lengths);
    this.#isMarked = copied(new Uint8Array(capacity), this.#isMarked);
    this.#before = new Int32Array(capacity);
    this.#buckets = new Int32Array(capacity).fill(NONE);
    for (let row = 0; row < this.#count; row++) this.#link(row);
  }
}

function copied<T extends { set(values: T): void }>(larger: T, values: T): T {
  larger.set(values);
  return larger;
}
