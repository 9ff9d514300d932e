/** A slice of more runs than this saves nothing: a message to a thread is then a small part of it. */
const MAX_RUNS = 8;

/** A slice that takes this time is long enough: a job reports progress and stops between slices. */
const LONG_MS = 50;

/** The number of runs that a thread of the model gets with one message: more while they are short. */
export class SlicePace {
  #runs = 1;

  get runs(): number {
    return this.#runs;
  }

  /** A slice took this time. `isFull`: it had more than half of the runs. */
  note(milliseconds: number, isFull: boolean): void {
    if (milliseconds > LONG_MS * 2) this.#runs = Math.max(1, this.#runs >> 1);
    else if (milliseconds < LONG_MS && isFull) this.#runs = Math.min(MAX_RUNS, this.#runs * 2);
  }
}
