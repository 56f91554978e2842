/** WebGPU tells of errors to nobody unless somebody listens, and goes on fast: whoever is timed has to be listened to. */

/** The first error of any device that a library opens from now on, once there is one. */
export class DeviceErrors {
  #first: string | null = null;

  /** Listens to the devices of all adapters of this class, of which one is given. */
  listen(adapter: GPUAdapter): void {
    const shared = Object.getPrototypeOf(adapter) as GPUAdapter;
    const open = shared.requestDevice;
    const note = (message: string) => {
      this.#first ??= message.split('\n')[0];
    };
    shared.requestDevice = async function (...words) {
      const device = await open.apply(this, words);
      device.addEventListener('uncapturederror', ({ error }) => note(error.message));
      return device;
    };
  }

  /** Throws it. */
  check(): void {
    if (this.#first) throw new Error(`WebGPU reported an error: ${this.#first}`);
  }
}
