import { fork, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { extname, join } from 'node:path';
import { FileFault } from './file-fault.js';
import type {
  NanosecondsRequest,
  NanosecondsResult,
  QueryResult,
  ScanRequest,
  ScanResult,
  WorkerAnswer,
  WorkerRequest,
  WorkerResult,
} from './worker/protocol.js';

/**
 * The process's file is in worker/ and has the same extension as this file: TypeScript under a test runner, JavaScript
 * in dist/.
 */
const WORKER_FILE = join(import.meta.dirname, 'worker', `main${extname(import.meta.filename)}`);

/** The interval at which the memory of the process is checked. */
const MEMORY_CHECK_MS = 100;
/**
 * The limit of the JavaScript heap. The SQL engine has the rest, including the memory that it takes beyond its own
 * limit.
 */
const HEAP_MEBIBYTES = 512;
const SQL_SHARE = 0.5;
const ERROR_CHARACTERS = 4000;
/** A process that has grown beyond this is not reused, because it would not shrink. */
const REUSABLE_BYTES = 512 * 1024 * 1024;

/** The files and limits of one read. */
export interface ReadScope {
  /** The folder in which it writes. */
  readonly folder: string;
  /** Files that its SQL may read in addition to those in the folder. */
  readonly readable: readonly string[];
  /** The name of the file in the user's notation, for messages about the process itself. */
  readonly name: string;
  readonly memoryBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  readonly resolve: (result: WorkerResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A process that reads files, one request after another. It is killed when a read takes too long or too much memory.
 */
export class FileWorker implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #lastId = 0;
  /** The reason why it ended; all further requests fail with it. */
  #failure: Error | undefined;
  #errorOutput = '';
  #scope: ReadScope | undefined;
  #timers: NodeJS.Timeout[] = [];

  constructor() {
    this.#process = fork(WORKER_FILE, [], {
      execArgv: [`--max-old-space-size=${HEAP_MEBIBYTES}`, '--disable-warning=ExperimentalWarning'],
      // The environment is empty, so that a corrupt or malicious file cannot find the gateway's secrets there.
      env: {},
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    // An idle process does not prevent the gateway from exiting.
    this.#hold(false);
    this.#process.on('message', (answer: WorkerAnswer) => this.#take(answer));
    this.#process.stderr?.on('data', (text: Buffer) => {
      this.#errorOutput = `${this.#errorOutput}${text.toString()}`.slice(-ERROR_CHARACTERS);
    });
    this.#exited = new Promise((resolve) => {
      this.#process.once('error', (error) => {
        this.#fail(error);
        resolve();
      });
      this.#process.once('exit', (code, signal) => {
        const cause = new Error(`the process ended with ${signal ?? code}: ${this.#errorOutput}`);
        const problem = 'the process that reads it ended. The file is broken, or larger inside than it seems';
        this.#fail(this.#fault(problem, cause));
        resolve();
      });
    });
  }

  /** Begins a read. Further requests may use what the scope permits. */
  async begin(scope: ReadScope): Promise<void> {
    this.#scope = scope;
    const { folder, readable, memoryBytes, timeoutMs, signal } = scope;
    this.#timers = [
      setTimeout(() => {
        this.#end(this.#fault(`reading it took longer than ${Math.round(timeoutMs / 1000)} seconds`));
      }, timeoutMs),
      setInterval(() => void this.#checkMemory(memoryBytes), MEMORY_CHECK_MS),
    ];
    signal?.addEventListener('abort', this.#abort);
    if (signal?.aborted) this.#abort();
    const settings = { folder, readable, sqlMemoryBytes: Math.floor(memoryBytes * SQL_SHARE), threads: 2 };
    await this.#ask({ kind: 'begin', settings });
  }

  /** Ends a read. Returns whether the process can be reused: not after a failure, and not if it has grown. */
  async finish(): Promise<boolean> {
    this.#clearScope();
    if (this.#waiting.size > 0) this.#end(new Error('the read was given up'));
    return this.#failure === undefined && (await this.#residentBytes()) < REUSABLE_BYTES;
  }

  /** Reads text files into rows. Rejects with a FileFault. */
  async scan(request: Omit<ScanRequest, 'kind'>): Promise<ScanResult> {
    return this.#ask({ kind: 'scan', ...request }) as Promise<ScanResult>;
  }

  /** Runs SQL that the gateway generated. Only the log may contain the engine's messages about it. */
  async query(sql: string): Promise<QueryResult> {
    return this.#ask({ kind: 'query', sql }) as Promise<QueryResult>;
  }

  async findNanoseconds(request: Omit<NanosecondsRequest, 'kind'>): Promise<NanosecondsResult> {
    return this.#ask({ kind: 'nanoseconds', ...request }) as Promise<NanosecondsResult>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A caller that waits for the exit must keep the gateway's process alive.
    this.#hold(true);
    this.#end(new Error('the reader is closed'));
    await this.#exited;
  }

  async #ask(request: WorkerRequest): Promise<WorkerResult> {
    if (this.#failure !== undefined) throw this.#failure;
    const id = (this.#lastId += 1);
    this.#hold(true);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // The exit event reports a dead process.
      this.#process.send({ id, request }, () => undefined);
    });
  }

  #take(answer: WorkerAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#hold(false);
    if ('result' in answer) waiting?.resolve(answer.result);
    else if ('fault' in answer) {
      const { file, line, problem } = answer.fault;
      waiting?.reject(new FileFault(file, line, problem));
    } else waiting?.reject(new WorkerError(answer.error));
  }

  /** Sets whether the child process keeps this process alive. */
  #hold(isHeld: boolean): void {
    const method = isHeld ? 'ref' : 'unref';
    this.#process[method]();
    this.#process.channel?.[method]();
    (this.#process.stderr as Socket | null)?.[method]();
  }

  readonly #abort = (): void => this.#end(this.#scope?.signal?.reason as Error);

  #end(failure: Error): void {
    this.#fail(failure);
    this.#process.kill('SIGKILL');
  }

  #fail(failure: Error): void {
    this.#failure ??= failure;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
    this.#clearScope();
  }

  #clearScope(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.#scope?.signal?.removeEventListener('abort', this.#abort);
  }

  #fault(problem: string, cause?: unknown): FileFault {
    return new FileFault(this.#scope?.name ?? '', null, problem, { cause });
  }

  async #checkMemory(memoryBytes: number): Promise<void> {
    if ((await this.#residentBytes()) <= memoryBytes || this.#failure !== undefined) return;
    this.#end(this.#fault(`reading it took more than ${Math.round(memoryBytes / 1024 / 1024)} MiB of memory`));
  }

  /** Only Linux reports the memory of another process. On other systems the limits of the two engines must suffice. */
  async #residentBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.#process.pid}/status`, 'utf8').catch(() => '');
    const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
    return Number(kibibytes) * 1024;
  }
}

/**
 * An error message of an engine in the process. It may contain paths of this machine, so only the log may contain it.
 */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
}
