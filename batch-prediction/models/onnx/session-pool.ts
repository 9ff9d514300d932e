import { once } from 'node:events';
import { Piscina } from 'piscina';
import type { SessionAnswer, SessionSource, SessionTask } from './session-task.js';

/** A thread that has not started after this time never starts, so closing the pool stops waiting for it. */
const START_TIMEOUT_MS = 10_000;

/**
 * Worker threads, each with a session of one model.
 *
 * Nothing may terminate a thread while it loads or runs a model: ONNX Runtime's binding then aborts the whole process
 * (an uncaught Napi::Error). Piscina terminates threads when a task's signal is aborted, and its close() does not wait
 * for all tasks. This class uses neither; its own close() waits until every thread is idle.
 */
export class SessionPool {
  readonly #pool: Piscina<SessionTask, SessionAnswer>;
  readonly #running = new Set<Promise<unknown>>();
  readonly #started = new Set<unknown>();
  #isClosed = false;

  constructor(workerFile: string, { model, folder }: SessionSource, threads: number) {
    this.#pool = new Piscina({
      filename: workerFile,
      // The number of threads is constant: a thread that exits when idle would have to load the model again for the
      // next task.
      minThreads: threads,
      maxThreads: threads,
      workerData: { model, folder } satisfies SessionSource,
    });
    this.#pool.on('workerCreate', (thread) => this.#started.add(thread));
    this.#pool.on('workerDestroy', (thread) => this.#started.delete(thread));
    // Without a listener, the exit of an idle thread would end the process. The pool replaces the thread.
    this.#pool.on('error', () => undefined);
  }

  /**
   * Makes every thread load the model, so that no batch has to wait for it. Returns the inputs and outputs of the
   * graph.
   */
  async load(): Promise<SessionAnswer> {
    const threads = this.#pool.options.maxThreads;
    const loading = await Promise.allSettled(Array.from({ length: threads }, () => this.run({ kind: 'describe' })));
    const [graph] = loading.map((loaded) => {
      if (loaded.status === 'rejected') throw loaded.reason;
      return loaded.value;
    });
    return graph!;
  }

  /** Takes the memory of the tensors along. Rejects when the run fails or its thread exits. The pool replaces the thread. */
  async run(task: SessionTask): Promise<SessionAnswer> {
    if (this.#isClosed) throw new Error('the sessions of this model are closed');
    const running = this.#pool.run(task, { transferList: memoryOf(task) }).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  /** Waits for the running tasks, then terminates the threads. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#running);
    const timeoutSignal = AbortSignal.timeout(START_TIMEOUT_MS);
    while (this.#pool.threads.length > this.#started.size && !timeoutSignal.aborted) {
      // This rejects on 'error': the thread did not start, and the pool has removed it from its threads.
      await once(this.#pool, 'workerCreate', { signal: timeoutSignal }).catch(() => undefined);
    }
    await this.#pool.destroy();
  }
}

/** The memory of the tensors, which goes to the thread without a copy. Texts are copied. */
function memoryOf(task: SessionTask): ArrayBuffer[] {
  if (task.kind === 'describe') return [];
  const tensors = task.runs.flat().flatMap(({ data }) => (Array.isArray(data) ? [] : [data.buffer as ArrayBuffer]));
  return [...new Set(tensors)];
}
