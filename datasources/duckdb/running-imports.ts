import { SerialTasks } from '../../runtime/serial-tasks.js';

/**
 * Keeps deletions of entities and the ends of imports apart. An import computes for minutes, from files that still have
 * the entities: those that are deleted meanwhile must not come back with its rows.
 */
export class RunningImports {
  readonly #ends = new SerialTasks();
  /** The entities that were deleted since the import of a table began. One import of a table runs at a time. */
  readonly #deleted = new Map<string, Set<string>>();

  /** Runs an import of a table. It calls `end` once, around its commit, with the entities that it must leave out. */
  async run<Result>(
    table: string,
    work: (end: (commit: (deletedIds: readonly string[]) => Promise<Result>) => Promise<Result>) => Promise<Result>,
  ): Promise<Result> {
    if (this.#deleted.has(table)) throw new Error(`two imports of ${table} run at the same time`);
    const deleted = new Set<string>();
    this.#deleted.set(table, deleted);
    try {
      return await work((commit) => this.#ends.run(() => commit([...deleted])));
    } finally {
      this.#deleted.delete(table);
    }
  }

  /** Runs a deletion while no import commits. A deletion that fails is still kept out of running imports: it is repeated. */
  async delete<Result>(
    tables: readonly string[],
    entityIds: readonly string[],
    work: () => Promise<Result>,
  ): Promise<Result> {
    return this.#ends.run(() => {
      for (const table of tables) for (const id of entityIds) this.#deleted.get(table)?.add(id);
      return work();
    });
  }
}
