/** Engines as processes of Node or Deno. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type AdapterChoice, runtime } from '../../engine/index.ts';
import { DRIVER_VARIABLES, swiftShaderFiles } from '../../engine/runtime/swiftshader.ts';
import { repositoryRoot } from '../../test/shared.ts';
import type { Channel } from '../contender.ts';
import type { EngineName } from '../engines/index.ts';
import { type Answer, answerMark, type Request } from '../protocol.ts';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Of what a process prints, kept to say why it ended. */
const longestTail = 2000;

class ProcessChannel implements Channel {
  readonly #child: Child;
  #tail = '';
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | null = null;
  #ended: Error | null = null;

  constructor(child: Child) {
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#tail = (this.#tail + text).slice(-longestTail);
    });
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
    child.on('error', (error) => this.#end(`it could not be started: ${error.message}`));
    child.on('close', (code, signal) => this.#end(`its process ended (${signal ?? `exit code ${code}`})`));
    // writing to a process that died is told by its end
    child.stdin.on('error', () => {});
  }

  get alive(): boolean {
    return this.#ended === null;
  }

  ask(request: Request): Promise<Answer> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    const gone = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }

  #take(line: string): void {
    if (!line.startsWith(answerMark)) return;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(JSON.parse(line.slice(answerMark.length)) as Answer);
  }

  #end(how: string): void {
    const lines = this.#tail.trim().split('\n');
    const said = lines.find((line) => /panicked|error/i.test(line)) ?? lines.at(-1);
    this.#ended ??= new Error(said ? `${how}: ${said}` : how);
    this.#waiting?.reject(this.#ended);
    this.#waiting = null;
  }
}

export async function startProcess(
  engine: EngineName,
  host: 'node' | 'deno',
  adapter: AdapterChoice,
): Promise<Channel> {
  const here = fileURLToPath(import.meta.url);
  const ending = here.slice(here.lastIndexOf('.'));
  const worker = fileURLToPath(new URL(`../worker${ending}`, import.meta.url));
  const loader = ending === '.ts' ? ['--import', import.meta.resolve('tsx')] : [];
  const [program, words] =
    host === 'deno' ? [denoProgram(), ['run', '-A', worker]] : [process.execPath, [...loader, worker]];
  const child = spawn(program, [...words, engine, adapter], {
    cwd: repositoryRoot(),
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...(await driverVariables(engine, adapter)) },
  });
  return new ProcessChannel(child);
}

function denoProgram(): string {
  return `${repositoryRoot()}node_modules/.bin/deno`;
}

/** onnxruntime carries a Dawn of its own, which knows drivers only from the environment. */
async function driverVariables(engine: EngineName, adapter: AdapterChoice): Promise<Record<string, string>> {
  if (!['onnxruntime', 'onnxruntime-plain'].includes(engine) || adapter !== 'swiftshader') return {};
  const { manifest } = await swiftShaderFiles(await runtime());
  return Object.fromEntries(DRIVER_VARIABLES.map((name) => [name, manifest]));
}
