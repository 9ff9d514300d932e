interface Deadline {
  readonly at: number;
  readonly run: () => void;
  before: Deadline | undefined;
  after: Deadline | undefined;
  isOver: boolean;
}

/**
 * Deadlines of one length. Those of requests are nearly always called off: they are a list in the order of their ends, with
 * one timer for its head, because a timer of Node for each request is some percent of a small one.
 */
export class Deadlines {
  #first: Deadline | undefined;
  #last: Deadline | undefined;
  #isWaiting = false;

  constructor(private readonly lengthMs: number) {}

  /** Runs the function after the length. Returns the function that calls it off. */
  start(run: () => void): () => void {
    const before = this.#last;
    const deadline: Deadline = {
      at: performance.now() + this.lengthMs,
      run,
      before,
      after: undefined,
      isOver: false,
    };
    if (before) before.after = deadline;
    else this.#first = deadline;
    this.#last = deadline;
    if (!this.#isWaiting) this.#wait(this.lengthMs);
    return () => this.#end(deadline);
  }

  #end(deadline: Deadline): void {
    if (deadline.isOver) return;
    deadline.isOver = true;
    const { before, after } = deadline;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
  }

  #wait(ms: number): void {
    this.#isWaiting = true;
    // What a deadline is about holds the process open, if anything does.
    setTimeout(() => {
      this.#isWaiting = false;
      const now = performance.now();
      for (let first = this.#first; first && first.at <= now; first = this.#first) {
        this.#end(first);
        first.run();
      }
      if (this.#first) this.#wait(Math.max(1, this.#first.at - now));
    }, ms).unref();
  }
}

const byLength = new Map<number, Deadlines>();

/** Runs a function after some milliseconds, of which the process uses few different ones. Returns the function that calls it off. */
export function startDeadline(lengthMs: number, run: () => void): () => void {
  let deadlines = byLength.get(lengthMs);
  if (!deadlines) byLength.set(lengthMs, (deadlines = new Deadlines(lengthMs)));
  return deadlines.start(run);
}
