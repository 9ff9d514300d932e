import type { Database, RootDatabase } from 'lmdb';

/** The rows of an entity type or of a history, by binary keys. */
export type Rows = Database<Buffer, Buffer>;

/** The databases of rows in a file, each opened once: LMDB has a bound for those that are open. */
export class RowDatabases {
  readonly #open = new Map<string, Rows>();

  constructor(private readonly environment: RootDatabase) {}

  get count(): number {
    return this.#open.size;
  }

  isOpen(name: string): boolean {
    return this.#open.has(name);
  }

  get(name: string): Rows {
    let rows = this.#open.get(name);
    if (!rows) {
      rows = this.environment.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' });
      this.#open.set(name, rows);
    }
    return rows;
  }
}
