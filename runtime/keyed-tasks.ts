/** Runs the tasks of one key one after the other, in the order in which they come; those of other keys beside them. */
export class KeyedTasks {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<Result>(key: string, task: () => Promise<Result>): Promise<Result> {
    const run = (this.#last.get(key) ?? Promise.resolve()).then(task);
    const settled = run.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(key, settled);
    try {
      return await run;
    } finally {
      // Later tasks of the key wait for their own predecessor; the last one leaves nothing behind.
      if (this.#last.get(key) === settled) this.#last.delete(key);
    }
  }
}
