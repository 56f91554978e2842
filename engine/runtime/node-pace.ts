/**
 * Dawn looks for finished work on every turn of Node's event loop while anything is pending, and so turns the loop as fast as it can: a whole core is taken from a
 * software adapter, and the heap fills with handles. While work is pending, each turn therefore sleeps for a moment.
 */

/** Waits shorter than this are not slept through. */
const PATIENCE = 0.2;
/** Of the time waited so far: what sleeping may add to it. */
const SHARE = 1 / 8;
/** Nothing else of the program waits longer than this for its turn. */
const LONGEST = 1;
/** All in milliseconds. */
const SHORTEST = 0.02;

export class Pace {
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  #pending = 0;
  /** A turn is coming; a second one beside it would sleep as well. */
  #turning = false;
  /** When something last began or ended. */
  #since = 0;

  /** Sleeps between turns until the promise is settled; gives it back. */
  watch<T>(promise: Promise<T>): Promise<T> {
    this.#since = performance.now();
    this.#pending++;
    if (!this.#turning) setImmediate(this.#turn);
    this.#turning = true;
    const ended = () => {
      this.#pending--;
      this.#since = performance.now();
    };
    promise.then(ended, ended);
    return promise;
  }

  readonly #turn = (): void => {
    this.#turning = this.#pending > 0;
    if (!this.#turning) return;
    const sleep = Math.min(LONGEST, (performance.now() - this.#since - PATIENCE) * SHARE);
    if (sleep > SHORTEST) Atomics.wait(this.#cell, 0, 0, sleep);
    setImmediate(this.#turn);
  };
}
