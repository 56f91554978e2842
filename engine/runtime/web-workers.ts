/** Threads of Deno and browsers: `Worker`. */
import type { WorkerFunctions } from './types.ts';

/** What a worker's own global object has; the page's has another `postMessage`. */
interface WorkerScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown, transfer: Transferable[]): void;
}

export function webWorkers(): WorkerFunctions {
  return {
    processorCount: () => navigator.hardwareConcurrency,
    startWorker(script, listeners) {
      const worker = new Worker(script, { type: 'module' });
      const failed = (event: ErrorEvent) => {
        // Deno ends the process where nobody has taken care of it.
        event.preventDefault();
        return new Error(event.message || `cannot load ${script}`);
      };
      const thread = {
        post: (message: unknown, transfer: readonly ArrayBuffer[] = []) => worker.postMessage(message, [...transfer]),
        close: async () => worker.terminate(),
      };
      return new Promise((started, refused) => {
        worker.onerror = (event) => refused(failed(event));
        worker.onmessage = () => {
          worker.onmessage = ({ data }) => listeners.message(data);
          worker.onerror = (event) => listeners.failed(failed(event));
          started(thread);
        };
      });
    },
    serveWorker(answer) {
      const scope = globalThis as unknown as WorkerScope;
      scope.onmessage = async ({ data }) => {
        const { message, transfer = [] } = await answer(data);
        scope.postMessage(message, [...transfer]);
      };
      scope.postMessage('started', []);
    },
  };
}
