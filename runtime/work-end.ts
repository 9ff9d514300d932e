/**
 * The early end of some work. Code can ask whether it came without an AbortSignal: to make a signal for each small request takes
 * some percent of it, and nothing listens to most of them.
 */
export class WorkEnd {
  #reason: Error | undefined;
  #controller: AbortController | undefined;

  /** The first reason counts. */
  end(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  get hasEnded(): boolean {
    return this.#reason !== undefined;
  }

  /** Aborts at the end. It is made when it is asked for. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }
}
