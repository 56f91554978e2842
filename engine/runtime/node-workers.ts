/** Threads of Node: `node:worker_threads`. */
import type { WorkerFunctions } from './types.ts';

export async function nodeWorkers(): Promise<WorkerFunctions> {
  const [{ parentPort, Worker }, os] = await Promise.all([import('node:worker_threads'), import('node:os')]);
  return {
    processorCount: () => os.availableParallelism(),
    startWorker(script, listeners) {
      const worker = new Worker(script.pathname.endsWith('.ts') ? withTypeScript(script) : script);
      let isClosed = false;
      const thread = {
        post: (message: unknown, transfer: readonly ArrayBuffer[] = []) => worker.postMessage(message, [...transfer]),
        async close() {
          isClosed = true;
          await worker.terminate();
        },
      };
      return new Promise((started, refused) => {
        let failed = refused;
        worker.on('error', (error) => {
          isClosed = true;
          failed(error as Error);
        });
        worker.on('exit', (code) => {
          if (!isClosed) failed(new Error(`the thread ended with code ${code}`));
        });
        worker.once('message', () => {
          failed = (error) => listeners.failed(error);
          worker.on('message', (message) => listeners.message(message));
          started(thread);
        });
      });
    },
    serveWorker(answer) {
      if (!parentPort) throw new Error('serveWorker: this module was not started as a worker');
      const port = parentPort;
      port.on('message', async (data) => {
        const { message, transfer = [] } = await answer(data);
        port.postMessage(message, [...transfer]);
      });
      port.postMessage('started');
    },
  };
}

/**
 * A module that loads `script` after tsx, whose hooks threads do not get from their process. Without tsx it is left to Node, which
 * reads TypeScript from version 22.18 on.
 */
function withTypeScript(script: URL): URL {
  let hooks = '';
  try {
    hooks = `(await import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))})).register();`;
  } catch {}
  return new URL(`data:text/javascript,${encodeURIComponent(`${hooks}await import(${JSON.stringify(script.href)});`)}`);
}
