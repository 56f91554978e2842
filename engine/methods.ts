/** Ops as methods of tensors: `x.matmul(w)` is `matmul(x, w)`. Types and functions both come from the ops themselves. */
import * as elementwise from './ops/elementwise.ts';
import { argmax, gather, topK } from './ops/indexing.ts';
import { matmul } from './ops/matmul.ts';
import { l2Normalize, layerNorm, logSoftmax, softmax } from './ops/normalize.ts';
import { pad } from './ops/pad.ts';
import { max, mean, sum, sumSquares } from './ops/reduce.ts';
import { broadcastTo, reshape, slice, transpose } from './ops/view.ts';
import { Tensor } from './tensor.ts';

const { add, sub, mul, div, maximum, minimum, greater, equal, where, neg, abs, exp, log, sqrt, square } = elementwise;
const { finite, sin, cos, tanh, sigmoid, relu, erf, gelu, quickGelu, stopGradient, cast } = elementwise;

const methods = {
  add,
  sub,
  mul,
  div,
  maximum,
  minimum,
  greater,
  equal,
  where,
  finite,
  neg,
  abs,
  exp,
  log,
  sqrt,
  square,
  sin,
  cos,
  tanh,
  sigmoid,
  relu,
  erf,
  gelu,
  quickGelu,
  stopGradient,
  cast,
  matmul,
  sum,
  sumSquares,
  mean,
  max,
  softmax,
  logSoftmax,
  layerNorm,
  l2Normalize,
  reshape,
  transpose,
  slice,
  broadcastTo,
  pad,
  gather,
  topK,
  argmax,
};

type AsMethods<T> = {
  [K in keyof T]: T[K] extends (x: Tensor, ...rest: infer Rest) => infer Result ? (...rest: Rest) => Result : never;
};
type TensorMethods = AsMethods<typeof methods>;

declare module './tensor.ts' {
  interface Tensor extends TensorMethods {}
}

for (const [name, op] of Object.entries(methods)) {
  const callOp = op as (...operands: unknown[]) => unknown;
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]) {
      return callOp(this, ...rest);
    },
    configurable: true,
    writable: true,
  });
}
