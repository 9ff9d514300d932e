import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../errors/app-error.js';
import { FILE_LIMITS } from '../../limits/file-limits.js';
import { makeFolder } from '../../runtime/make-folder.js';
import { FileWorker } from './file-worker.js';
import type { SelectedFile } from './select-files.js';

/** An idle process ends after this time. Starting one takes a tenth of a second. */
const IDLE_MS = 60_000;

export interface ReadFolder extends AsyncDisposable {
  readonly path: string;
}

export interface UseWorkerOptions {
  readonly files: readonly SelectedFile[];
  /**
   * The folder for the read data, if it must outlive the work (see createFolder); undefined: the data is removed after
   * the work.
   */
  readonly folder?: ReadFolder;
  readonly signal?: AbortSignal | undefined;
}

/** Lends processes that read files. A few run at once, each for one read, with limits of time and memory. */
export class FileReader implements AsyncDisposable {
  readonly #folder: string;
  readonly #limits: FileReaderLimits;
  readonly #waiting: (() => void)[] = [];
  readonly #idle: FileWorker[] = [];
  #running = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  private constructor(folder: string, limits: FileReaderLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** `folder` belongs to this process alone. Content that a killed process left in it is removed. */
  static async open(folder: string, limits: Partial<FileReaderLimits> = {}): Promise<FileReader> {
    await rm(folder, { recursive: true, force: true });
    await makeFolder(folder);
    return new FileReader(folder, { ...FILE_LIMITS, ...limits });
  }

  /** Runs work with its own process and a temporary folder. Waits while all processes are busy. */
  async use<Result>(
    { files, folder: kept, signal }: UseWorkerOptions,
    work: (worker: FileWorker, folder: string) => Promise<Result>,
  ): Promise<Result> {
    await this.#acquire();
    clearTimeout(this.#idleTimer);
    const worker = this.#idle.pop() ?? new FileWorker();
    const own = kept ? undefined : await this.createFolder();
    const folder = (kept ?? own)!.path;
    try {
      await worker.begin({
        folder,
        readable: files.map(({ path }) => path),
        name: files.length === 1 ? files[0]!.name : `${files[0]!.name}" and ${files.length - 1} more, "…`,
        memoryBytes: this.#limits.workerMemoryBytes,
        timeoutMs: await this.#timeout(files),
        signal,
      });
      return await work(worker, folder);
    } finally {
      await this.#takeBack(worker);
      await own?.[Symbol.asyncDispose]();
      this.#release();
    }
  }

  /** Creates a folder for read data. It exists until it is disposed. */
  async createFolder(): Promise<ReadFolder> {
    const path = await mkdtemp(join(this.#folder, 'read-'));
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endIdle();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #takeBack(worker: FileWorker): Promise<void> {
    if (!(await worker.finish())) {
      await worker[Symbol.asyncDispose]();
      return;
    }
    this.#idle.push(worker);
    this.#idleTimer = setTimeout(() => void this.#endIdle(), IDLE_MS).unref();
  }

  async #endIdle(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((worker) => worker[Symbol.asyncDispose]()));
  }

  /** The timeout is a minute plus a second per mebibyte: ten times what a normal file takes. */
  async #timeout(files: readonly SelectedFile[]): Promise<number> {
    let bytes = 0;
    for (const { path } of files) bytes += (await stat(path)).size;
    return this.#limits.baseReadMs + (bytes / this.#limits.minBytesPerSecond) * 1000;
  }

  async #acquire(): Promise<void> {
    if (this.#running < this.#limits.maxWorkers) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= this.#limits.maxWaitingReads) {
      throw new AppError('STORE_UNAVAILABLE', 'Too many files are read at once. Try again.');
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }
}

export type FileReaderLimits = Pick<
  { readonly [Name in keyof typeof FILE_LIMITS]: number },
  'workerMemoryBytes' | 'maxWorkers' | 'maxWaitingReads' | 'baseReadMs' | 'minBytesPerSecond'
>;
