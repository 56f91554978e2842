/** Random functions, compiled with and without fusion, donated and not, against float64. */
import { test } from 'uvu';
import { compile } from '../../../engine/compile.ts';
import { type Device, requestDevice, type Tensor } from '../../../engine/index.ts';
import { adapterChoice } from '../../adapter.ts';
import { expectAgreement, largestValue, traceBody } from '../agreement.ts';
import { caseData, expectClose, hostData, interpret, uniform } from '../interpret.ts';
import { randomFunction } from '../random-graph.ts';

const count = 24;
const tolerance = 1e-5;

for (const kernels of ['software', 'gpu'] as const) {
  let device: Device;
  test(`a device with ${kernels} kernels opens`, async () => {
    device = await requestDevice({ adapter: adapterChoice(), kernels });
  });
  for (let seed = 1; seed <= count; seed++) {
    // half of them each, so that every kind of kernel is met and no pipeline too many is compiled
    if ((seed % 2 === 0) !== (kernels === 'gpu')) continue;
    test(`random function ${seed}, ${kernels} kernels`, async () => {
      const { inputs, body } = randomFunction(seed);
      await expectAgreement(device, body, inputs, {
        seed,
        tolerance,
        ways: seed % 5 === 0 ? ['fused', 'unfused'] : ['fused'],
      });
    });
  }
  test(`random functions of donated arguments, ${kernels} kernels`, async () => {
    for (let seed = kernels === 'gpu' ? 2 : 1; seed <= count; seed += 2) {
      const { inputs, body } = randomFunction(seed);
      const data = inputs.map((input) => caseData(input, uniform(seed)));
      const { graph, outputs } = traceBody(body, inputs);
      const expected = interpret(graph, outputs, data);
      const step = compile((args: Tensor[]) => body(args), { donate: [0] });
      const results = await step(inputs.map(({ shape, dtype }, i) => device.tensor(hostData(dtype, data[i]), shape)));
      for (const [i, result] of results.entries()) {
        expectClose(
          await result.read(),
          expected[i].data,
          tolerance * largestValue(graph, outputs, data),
          `function ${seed}, result ${i}`,
        );
        result.dispose();
      }
      step.dispose();
    }
  });
  test(`the device with ${kernels} kernels closes`, () => device.close());
}

test.run();
