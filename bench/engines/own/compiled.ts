/** A compiled function with fixed arguments as a prepared work. */
import { type Compiled, type Device, leavesOf, Tensor } from '../../../engine/index.ts';
import type { Prepared } from '../engine.ts';

/** The results stay on the device until `outputs` asks for them; `release` frees the arguments too. */
export async function preparedCall<Result>(
  device: Device,
  compiled: Compiled<Tensor[], Result>,
  args: Tensor[],
): Promise<Prepared> {
  await compiled.prepare(...args);
  const tensorsOf = (result: Result) => leavesOf(result).filter((leaf) => leaf instanceof Tensor);
  return {
    run: async () => {
      const results = tensorsOf(await compiled(...args));
      await device.finish();
      for (const tensor of results) tensor.dispose();
    },
    outputs: async () => {
      const results = tensorsOf(await compiled(...args));
      const values: Float32Array[] = [];
      for (const tensor of results) values.push((await tensor.read()) as Float32Array);
      for (const tensor of results) tensor.dispose();
      return values;
    },
    release: () => {
      compiled.dispose();
      for (const tensor of args) tensor.dispose();
    },
  };
}
