import { Pace } from '../../runtime/pace.js';
import { SerialTasks } from '../../runtime/serial-tasks.js';

/**
 * Bounds how many features are created in a second, by all steps of a run. One request is sent at a time: a refused one waits
 * for the quota, and the others wait behind it. Side by side, small requests would take the room that a larger one waits for,
 * and it would give up.
 */
export class PacedCreations {
  readonly #tasks = new SerialTasks();
  readonly #pace: Pace;

  constructor(perSecond: number) {
    this.#pace = new Pace(perSecond);
  }

  /** Creates `count` features in the turn of the caller. Rejects when the signal aborts before that. */
  run<Result>(count: number, signal: AbortSignal, create: () => Promise<Result>): Promise<Result> {
    return this.#tasks.run(async () => {
      await this.#pace.take(count, signal);
      return create();
    });
  }
}
