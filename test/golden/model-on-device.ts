/** The model of a golden folder on one device, for all checkers of a command. */
import { type Device, requestDevice } from '../../engine/device.ts';
import type { AdapterChoice } from '../../engine/runtime/types.ts';
import { Kosmos2 } from '../../model/kosmos2.ts';

export class ModelOnDevice {
  readonly #folder: string;
  readonly #adapter: AdapterChoice;
  #device: Device | null = null;
  #model: Promise<Kosmos2> | null = null;

  constructor(folder: string, adapter: AdapterChoice) {
    this.#folder = folder;
    this.#adapter = adapter;
  }

  /** Opens device and model when asked first; rejects each time with the same error where that fails. */
  get(): Promise<Kosmos2> {
    this.#model ??= this.#open();
    return this.#model;
  }

  async #open(): Promise<Kosmos2> {
    this.#device = await requestDevice({ adapter: this.#adapter });
    return Kosmos2.load(this.#folder, this.#device);
  }

  /** Frees the device if there is one. */
  close(): void {
    this.#device?.close();
  }
}
