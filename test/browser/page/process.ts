/** The few things of Node's `process` that tests touch. */
import { absent } from './absent.ts';

const listeners = new Map<unknown, (event: PromiseRejectionEvent) => void>();

const process = {
  argv: ['browser', new URLSearchParams(location.search).get('file')],
  env: {},
  platform: 'browser',
  arch: '',
  exit: absent('process.exit'),
  cwd: absent('process.cwd'),
  on(event: string, listener: (reason: unknown) => void) {
    if (event !== 'unhandledRejection') return absent(`process.on('${event}')`)();
    const heard = ({ reason }: PromiseRejectionEvent) => listener(reason);
    listeners.set(listener, heard);
    addEventListener('unhandledrejection', heard);
  },
  off(_event: string, listener: unknown) {
    const heard = listeners.get(listener);
    if (heard) removeEventListener('unhandledrejection', heard);
  },
};

Object.assign(globalThis, { process });

export default process;
