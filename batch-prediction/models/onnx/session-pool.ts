import { once } from 'node:events';
import { Piscina } from 'piscina';
import type { SessionAnswer, SessionSource, SessionTask } from './session-task.js';

/** A thread that has not started by then never will, so closing the pool stops waiting for it. */
const START_TIMEOUT_MS = 10_000;

/**
 * Worker threads, each with a session of one model.
 *
 * A thread must not be ended while it loads or runs a model: ONNX Runtime's binding then aborts the whole process (an
 * uncaught Napi::Error). Piscina ends threads when a task's signal is aborted, and its close() does not wait for all tasks;
 * so neither is used, and close() here waits until every thread is idle.
 */
export class SessionPool {
  readonly #pool: Piscina<SessionTask, SessionAnswer>;
  readonly #running = new Set<Promise<unknown>>();
  readonly #started = new Set<unknown>();
  #isClosed = false;

  constructor(workerFile: string, { model }: SessionSource, threads: number) {
    this.#pool = new Piscina({
      filename: workerFile,
      // All of them always: a thread that ends for want of work must load the model again for the next.
      minThreads: threads,
      maxThreads: threads,
      workerData: { model } satisfies SessionSource,
    });
    this.#pool.on('workerCreate', (thread) => this.#started.add(thread));
    this.#pool.on('workerDestroy', (thread) => this.#started.delete(thread));
    // Without a listener the death of an idle thread would end the process; the pool starts another by itself.
    this.#pool.on('error', () => undefined);
  }

  /** Lets every thread load the model, so that no batch has to wait for it, and gives what the graph takes and gives. */
  async load(): Promise<SessionAnswer> {
    const threads = this.#pool.options.maxThreads;
    const loading = await Promise.allSettled(Array.from({ length: threads }, () => this.run({ kind: 'describe' })));
    const [graph] = loading.map((loaded) => {
      if (loaded.status === 'rejected') throw loaded.reason;
      return loaded.value;
    });
    return graph!;
  }

  /** Rejects when the run fails or its thread dies; another thread replaces a dead one. */
  async run(task: SessionTask): Promise<SessionAnswer> {
    if (this.#isClosed) throw new Error('the sessions of this model are closed');
    const running = this.#pool.run(task).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  /** Waits for the running tasks, then ends the threads. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#running);
    const timeoutSignal = AbortSignal.timeout(START_TIMEOUT_MS);
    while (this.#pool.threads.length > this.#started.size && !timeoutSignal.aborted) {
      // Rejects on 'error': the thread did not start, and is not among the threads any more.
      await once(this.#pool, 'workerCreate', { signal: timeoutSignal }).catch(() => undefined);
    }
    await this.#pool.destroy();
  }
}
