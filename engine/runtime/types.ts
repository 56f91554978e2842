/**
 * The one interface behind which Node, Deno and browsers look alike. Everything outside `engine/runtime/` is written against
 * these types and never asks where it runs.
 */

/**
 * Which driver to use. `auto`: a real GPU, else the system's software Vulkan, else the SwiftShader that the npm package
 * `@sparticuz/chromium` carries (Linux x64). `system`: never the carried one. `swiftshader`: only the carried one.
 */
export type AdapterChoice = 'auto' | 'system' | 'swiftshader';

export interface AdapterRequest {
  adapter?: AdapterChoice;
  /** Default `high-performance`: the discrete card of a machine that has two. */
  powerPreference?: GPUPowerPreference;
}

export interface AdapterHandle {
  readonly adapter: GPUAdapter;
  /** For people: `llvmpipe (LLVM 15.0.6, 256 bits), software`. */
  readonly description: string;
  /** True where kernels run on the CPU, so that barriers and workgroup memory cost more than they save. */
  readonly isSoftware: boolean;
  /** Whose driver it is: the system's, the carried SwiftShader, or the browser's choice. */
  readonly source: 'system' | 'bundled' | 'browser';
  /** To be told of everything that waits for the adapter; absent where the runtime waits without spinning. */
  readonly watch?: <T>(promise: Promise<T>) => Promise<T>;
  /** Lets go of WebGPU objects that nothing refers to; absent where a program cannot ask for that. */
  readonly collect?: () => void;
}

/** A file open for reading at any offset. */
export interface FileSource {
  /** Bytes, as it was when the file was opened. */
  readonly size: number;
  /** Exactly `length` bytes from `offset` in memory of their own; throws where the file has fewer. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** A file open for writing at its end. */
export interface FileSink {
  write(bytes: Uint8Array): Promise<void>;
  /** Makes sure that what was written is on the disk, then closes. */
  close(): Promise<void>;
}

/** A digest that grows with the content, for files too large to hold. */
export interface ContentHash {
  update(bytes: Uint8Array): void;
  /** Lower-case hexadecimal; ends the hash. */
  digest(): string;
}

export interface FolderEntry {
  name: string;
  kind: 'file' | 'folder';
}

export interface FileStatus {
  kind: 'file' | 'folder';
  /** Bytes. */
  size: number;
}

/** A thread of its own that runs a module. Messages are structured clones. */
export interface WorkerThread {
  /** What is in `transfer` is moved, not copied: whoever posts it has it no more. */
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Ends the thread, whatever it is doing. */
  close(): Promise<void>;
}

export interface WorkerListeners {
  message(message: unknown): void;
  /** The thread ended by itself after it had started. */
  failed(error: Error): void;
}

export interface WorkerAnswer {
  message: unknown;
  transfer?: readonly ArrayBuffer[];
}

export interface WorkerFunctions {
  /** Threads that this machine runs at the same time. */
  processorCount(): number;
  /**
   * Runs a module in a thread, until the module has called `serveWorker`; rejects where it cannot. The thread has to be closed, for
   * it keeps the process from ending.
   */
  startWorker(script: URL, listeners: WorkerListeners): Promise<WorkerThread>;
  /** In such a module: answers each message; `answer` must not reject. */
  serveWorker(answer: (message: unknown) => Promise<WorkerAnswer>): void;
}

/** What may be written: a whole text or a byte array, or pieces that follow each other. */
export type FileContent = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export interface Runtime extends WorkerFunctions {
  readonly name: 'node' | 'deno' | 'browser';
  /** Throws one error that says what to install when there is no adapter. */
  requestAdapter(request?: AdapterRequest): Promise<AdapterHandle>;

  /** The errors of all file functions name the path. A browser reads URLs, and writes only below `opfs:/`. */
  openFile(path: string): Promise<FileSource>;
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
  readTextFile(path: string): Promise<string>;
  /** Writes beside, then renames: whoever reads `path` sees the old content or the new one, never a part. */
  writeFileAtomic(path: string, content: FileContent): Promise<void>;
  /** Opens for writing: from the start of an empty file, or with `append` behind what is there. */
  openSink(path: string, options?: { append?: boolean }): Promise<FileSink>;
  /** Symbolic links are followed; null when there is nothing. */
  status(path: string): Promise<FileStatus | null>;
  exists(path: string): Promise<boolean>;
  /** Sorted by name. */
  listFolder(path: string): Promise<FolderEntry[]>;
  /** With its parents; fine when it is there. */
  makeFolder(path: string): Promise<void>;
  /** Replaces a file at `to`. */
  rename(from: string, to: string): Promise<void>;
  /** A file or a whole folder; fine when it is absent. */
  remove(path: string): Promise<void>;
  /** A symbolic link at `path` to `target` (relative to the link), or a copy where the system refuses links. */
  link(target: string, path: string): Promise<void>;

  contentHash(algorithm: 'sha1' | 'sha256'): ContentHash;

  homeFolder(): string;
  /** Where caches of one user belong on this system: `~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`. */
  homeCacheFolder(): string;
  /** An environment variable; undefined when unset or empty, and always in a browser. */
  environment(name: string): string | undefined;
}
