import { SerialTasks } from '../../runtime/serial-tasks.js';

/**
 * Keeps deletions of entities and imports apart. An import computes for minutes, from files that still have the entities:
 * those that are deleted meanwhile must not come back with its rows.
 */
export class RunningImports {
  readonly #ends = new SerialTasks();
  readonly #running = new Set<string>();
  /** The entities that were deleted since each watch of a table began. Bounded by the deletions during one refresh. */
  readonly #watches = new Map<string, Set<Set<string>>>();

  /**
   * From now on, imports of these tables leave out the entities that are deleted, also an import that has not begun yet.
   * Call the result when none of them is wanted any more.
   */
  watchDeletions(tables: readonly string[]): () => void {
    const ends = tables.map((table) => {
      const deleted = new Set<string>();
      const watches = this.#watches.get(table) ?? new Set();
      this.#watches.set(table, watches.add(deleted));
      return () => {
        watches.delete(deleted);
        if (watches.size === 0 && this.#watches.get(table) === watches) this.#watches.delete(table);
      };
    });
    return () => ends.forEach((end) => end());
  }

  /**
   * Runs an import of a table. It calls `end` once, around its commit, with the entities that it must leave out. One import
   * of a table runs at a time.
   */
  async run<Result>(
    table: string,
    work: (end: (commit: (deletedIds: readonly string[]) => Promise<Result>) => Promise<Result>) => Promise<Result>,
  ): Promise<Result> {
    if (this.#running.has(table)) throw new Error(`two imports of ${table} run at the same time`);
    this.#running.add(table);
    const stop = this.watchDeletions([table]);
    try {
      return await work((commit) => this.#ends.run(() => commit(this.#deletedOf(table))));
    } finally {
      stop();
      this.#running.delete(table);
    }
  }

  /** Runs a deletion while no import commits. A deletion that fails is still kept out of imports: it is repeated. */
  async delete<Result>(
    tables: readonly string[],
    entityIds: readonly string[],
    work: () => Promise<Result>,
  ): Promise<Result> {
    return this.#ends.run(() => {
      for (const table of tables) {
        for (const deleted of this.#watches.get(table) ?? []) for (const id of entityIds) deleted.add(id);
      }
      return work();
    });
  }

  #deletedOf(table: string): readonly string[] {
    return [...new Set([...(this.#watches.get(table) ?? [])].flatMap((deleted) => [...deleted]))];
  }
}
