import type { Database, RootDatabase } from 'lmdb';
import { clearDatabase } from '../../../runtime/lmdb.js';
import type { EntityType } from '../../registry/model.js';
import { RowDatabases, type Rows } from './row-databases.js';

/**
 * The two databases of each entity type: one is served, the other is empty or is being filled. The file stores which
 * one is served, so a process that ends during a fill leaves the served one unchanged.
 */
export class Generations {
  readonly #databases: RowDatabases;
  /** By name and not by object: the objects of a registry are replaced when the gateway applies another one. */
  readonly #served = new Map<string, string>();

  constructor(
    environment: RootDatabase,
    private readonly stored: Database<string, string>,
  ) {
    this.#databases = new RowDatabases(environment);
  }

  served(entityType: EntityType): Rows {
    return this.#databases.get(this.#servedName(entityType));
  }

  /** The database that is not served. */
  spare(entityType: EntityType): Rows {
    return this.#databases.get(this.#spareName(entityType));
  }

  /** Whether a fill was completed since the store has two databases, in this or an earlier process. */
  isChosen(entityType: EntityType): boolean {
    return this.stored.get(servedKey(entityType)) !== undefined;
  }

  /** Stores the served database explicitly. Call this inside a write transaction. */
  keep(entityType: EntityType): void {
    void this.stored.put(servedKey(entityType), this.#servedName(entityType));
  }

  /**
   * Serves the other database from now on. Call this inside a write transaction, after the rows of the other database
   * were committed. Returns the function that undoes it in memory, for a transaction that fails.
   */
  swap(entityType: EntityType): () => void {
    const before = this.#servedName(entityType);
    const after = this.#spareName(entityType);
    void this.stored.put(servedKey(entityType), after);
    this.#served.set(databaseName(entityType), after);
    return () => this.#served.set(databaseName(entityType), before);
  }

  isEmpty(entityType: EntityType): boolean {
    return [...this.served(entityType).getKeys({ limit: 1 })].length === 0;
  }

  /** Forgets which database is served. Call this inside a write transaction. */
  forget(entityType: EntityType): void {
    void this.stored.remove(servedKey(entityType));
  }

  /** Removes all rows of both databases. */
  async clear(entityType: EntityType): Promise<void> {
    await clearDatabase(this.served(entityType));
    await clearDatabase(this.spare(entityType));
    this.#served.delete(databaseName(entityType));
  }

  #servedName(entityType: EntityType): string {
    const name = databaseName(entityType);
    let served = this.#served.get(name);
    if (served === undefined) this.#served.set(name, (served = this.stored.get(servedKey(entityType)) ?? name));
    return served;
  }

  #spareName(entityType: EntityType): string {
    const name = databaseName(entityType);
    return this.#servedName(entityType) === name ? `${name}$second` : name;
  }
}

/** No registry name contains `$`, so no entity type has the name of a second database. */
export function databaseName(entityType: EntityType): string {
  return `${entityType.featurestore.name}/${entityType.name}`;
}

function servedKey(entityType: EntityType): string {
  return `${databaseName(entityType)}$served`;
}
