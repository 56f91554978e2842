import * as assert from 'uvu/assert';

/** Fails unless `call` rejects (or throws) with an error of this kind whose message matches. */
export async function rejects(
  call: () => unknown,
  kind: new (...args: never[]) => Error,
  message: RegExp,
): Promise<void> {
  let error: unknown = null;
  try {
    await call();
  } catch (thrown) {
    error = thrown;
  }
  if (!error) assert.unreachable(`an error like ${message} was expected, and there was none`);
  assert.instance(error, kind, `a ${kind.name} was expected, not ${error}`);
  assert.match((error as Error).message, message);
}
