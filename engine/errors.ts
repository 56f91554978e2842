/** Errors of the engine: always the op's name, then what was wrong, with the shapes that met. */

/** Shape, dtype or attribute that an op cannot take. */
export class OpError extends Error {
  override name = 'OpError';
  readonly op: string;

  constructor(op: string, message: string) {
    super(`${op}: ${message}`);
    this.op = op;
  }
}

/** The device is lost, or reported an error that belongs to no single call. */
export class DeviceError extends Error {
  override name = 'DeviceError';
}

/** A tensor was used after it was disposed or donated. */
export class TensorStateError extends Error {
  override name = 'TensorStateError';
}
