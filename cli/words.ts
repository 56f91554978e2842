/** Words as they come, on a screen that they share with a progress bar. */
import type { Output } from './command.ts';

/** Holds text back until it is released, and drops the white space in front of the first word. */
export class Words {
  readonly #output: Output;
  #held = '';
  #begun = false;

  constructor(output: Output) {
    this.#output = output;
  }

  push(text: string): void {
    this.#held += text;
  }

  release(): void {
    const text = this.#begun ? this.#held : this.#held.trimStart();
    this.#held = '';
    if (text === '') return;
    this.#begun = true;
    this.#output.write(text);
  }
}
