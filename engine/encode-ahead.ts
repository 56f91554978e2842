/**
 * A step that repeats is encoded before it is asked for, while the device works on the one before it: what remains at the call is writing the arguments and
 * submitting. Encoding takes most of the JavaScript of a step.
 */

/** Fewer commands are not worth a timer. */
const leastSteps = 16;

/** One list of steps encoded in advance. What came after a list is expected to come after it again: the same one, or one of two that take turns. */
export class EncodeAhead<Steps extends object & { readonly length: number }, Commands> {
  readonly #encode: (steps: Steps) => Commands;
  /** Called for commands that are never submitted. */
  readonly #discard: (commands: Commands) => void;
  /** Whether commands made now would be of use later. */
  readonly #isUsable: () => boolean;
  #ready: { readonly steps: Steps; readonly commands: Commands } | null = null;
  /** What came after each list when it came last. */
  readonly #followers = new WeakMap<Steps, Steps>();
  #last: Steps | null = null;
  #scheduled = false;

  constructor(encode: (steps: Steps) => Commands, discard: (commands: Commands) => void, isUsable: () => boolean) {
    this.#encode = encode;
    this.#discard = discard;
    this.#isUsable = isUsable;
  }

  /** Commands for these steps, to be submitted at once: those that are ready, or new ones. */
  take(steps: Steps): Commands {
    const ready = this.#ready;
    this.#ready = null;
    const fits = ready?.steps === steps && this.#isUsable();
    if (ready && !fits) this.#discard(ready.commands);
    const commands = ready && fits ? ready.commands : this.#encode(steps);
    if (this.#last) this.#followers.set(this.#last, steps);
    this.#last = steps;
    if (!this.#scheduled && (this.#expected?.length ?? 0) >= leastSteps) {
      this.#scheduled = true;
      // the program goes first: what it submits now, such as the reading of a result, waits for nothing
      setTimeout(this.#prepare, 0);
    }
    return commands;
  }

  /** Lets go of what is ready, and of what came last. */
  clear(): void {
    if (this.#ready) this.#discard(this.#ready.commands);
    this.#ready = null;
    this.#last = null;
  }

  get #expected(): Steps | undefined {
    return this.#last ? this.#followers.get(this.#last) : undefined;
  }

  readonly #prepare = (): void => {
    this.#scheduled = false;
    const steps = this.#expected;
    if (steps && this.#isUsable()) this.#ready = { steps, commands: this.#encode(steps) };
  };
}
