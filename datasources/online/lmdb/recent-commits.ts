import type { OnlineWrite } from '../online-store.js';

/** Commits with more bytes are read from the file. The writer has the values of logged rows in memory anyway. */
const MAX_BYTES = 67_108_864;

/** The rows of the newest commits of a log, in memory: a drain that follows soon need not read and decode them. */
export class RecentCommits {
  readonly #commits = new Map<number, { readonly rows: readonly OnlineWrite[]; readonly bytes: number }>();
  #bytes = 0;

  add(sequence: number, rows: readonly OnlineWrite[], bytes: number): void {
    if (this.#bytes + bytes > MAX_BYTES) return;
    this.#bytes += bytes;
    this.#commits.set(sequence, { rows, bytes });
  }

  find(sequence: number): readonly OnlineWrite[] | undefined {
    return this.#commits.get(sequence)?.rows;
  }

  /** Commits are in the order of their numbers. */
  forget(upTo: number): void {
    for (const [sequence, { bytes }] of this.#commits) {
      if (sequence > upTo) return;
      this.#commits.delete(sequence);
      this.#bytes -= bytes;
    }
  }
}
