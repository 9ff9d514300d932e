/** Runs tasks one after the other, in the order in which they come. */
export class SerialTasks {
  #last: Promise<unknown> = Promise.resolve();

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    const run = this.#last.then(task);
    this.#last = run.catch(() => undefined);
    return run;
  }
}
