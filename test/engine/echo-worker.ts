/** A thread for the tests: doubles numbers, sends bytes back, and fails when asked to. */
import { runtime } from '../../engine/runtime/index.ts';

(await runtime()).serveWorker(async (message) => {
  if (message === 'fail') {
    setTimeout(() => {
      throw new Error('as asked');
    });
  }
  if (message instanceof Uint8Array) return { message, transfer: [message.buffer as ArrayBuffer] };
  return { message: Number(message) * 2 };
});
