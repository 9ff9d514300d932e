import { randomUUID } from 'node:crypto';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { FairQueue } from '../../runtime/fair-queue.js';
import { OperatorError } from '../../errors/operator-error.js';
import type { EntityType } from '../registry/model.js';
import { findWriteAheadLogFault } from './check-write-ahead-log.js';
import { explainOpenFault } from './open-fault.js';
import { RunningImports } from './running-imports.js';

/**
 * The maximum number of concurrent queries. A DuckDB connection runs one query at a time, and one query uses all cores.
 * A few connections prevent a short read from waiting behind a long one; more would only divide the memory.
 */
const MAX_CONNECTIONS = 4;

const SETTINGS = [
  // A time without a zone in a user's file must not mean the zone of the machine that reads it.
  `SET GLOBAL TimeZone = 'UTC'`,
  // Lets a join with up to this many keys skip row groups without these keys: asOf reads of 100 entities over 14
  // million rows took 90 ms with it and 4 s without. The default is 50.
  'SET GLOBAL dynamic_or_filter_threshold = 20000',
];

export interface DuckDbOptions {
  readonly toRead?: boolean;
  /**
   * The memory limit of all queries together; beyond it, DuckDB writes to a folder on disk, and the query becomes
   * slower.
   */
  readonly memoryLimitBytes?: number;
  /** The threads of a query. Default: one for each core. */
  readonly threads?: number;
  /** The request that the current code runs for. Waiting queries of different requests are served in turn. */
  readonly currentOwner?: () => string;
}

/**
 * Half of the memory of the machine or container. DuckDB's own default is 80 %. Together with the heap of Node.js, the
 * pages of the online store and a model, a large job would then have the process killed, and every request with it.
 */
function defaultMemoryLimit(): number {
  const constrained = process.constrainedMemory();
  const available = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.floor(available / 2);
}

/** The entities whose rows some work reads. */
export interface UsedEntities {
  readonly entityType: EntityType;
  readonly entityIds: readonly string[];
}

/** A DuckDB file and its connections. */
export class DuckDbDatabase {
  readonly #idle: DuckDBConnection[] = [];
  readonly #waiting = new FairQueue<(connection: DuckDBConnection) => void>();
  #opened = 0;
  readonly imports = new RunningImports();
  /**
   * Runs before each use of the file: it brings the rows that are durable elsewhere, at least those of the entities, or
   * all. It must not call `use` itself.
   */
  beforeUse: ((entities?: UsedEntities) => Promise<void>) | undefined;

  private constructor(
    readonly instance: DuckDBInstance,
    readonly currentOwner: () => string,
  ) {}

  /**
   * Opens or creates the file. `:memory:` is a database that ends with the process. `toRead`: never creates or changes
   * it.
   */
  static async open(
    path: string,
    { toRead = false, memoryLimitBytes = defaultMemoryLimit(), threads, currentOwner = () => '' }: DuckDbOptions = {},
  ): Promise<DuckDbDatabase> {
    const logFault = await findWriteAheadLogFault(path);
    if (logFault) throw new OperatorError(`The offline store ${path} cannot be opened:`, [logFault]);
    const instance = await DuckDBInstance.create(path, {
      access_mode: toRead ? 'READ_ONLY' : 'AUTOMATIC',
      // DuckDB downloads no extension at run time: all used extensions are built in.
      autoinstall_known_extensions: 'false',
      memory_limit: `${memoryLimitBytes}B`,
      ...(threads === undefined ? {} : { threads: String(threads) }),
      // The spill folder of a file is beside it. A database in memory, of which a process may have several, would by
      // default use a folder in the working directory, which may not be writable.
      ...(path === ':memory:' ? { temp_directory: join(tmpdir(), `featuregraph-duckdb-${randomUUID()}`) } : {}),
    }).catch(async (cause: unknown) => {
      const fault = await explainOpenFault(path, cause);
      throw new OperatorError(`The offline store ${path} cannot be opened:`, [fault], { cause });
    });
    const database = new DuckDbDatabase(instance, currentOwner);
    await database.use(async (connection) => {
      for (const setting of SETTINGS) await connection.run(setting);
    });
    return database;
  }

  /**
   * Runs work on a connection of its own; waits while all connections are in use. The file has every acknowledged row of
   * the entities then; without entities, every row.
   */
  async use<Result>(work: (connection: DuckDBConnection) => Promise<Result>, entities?: UsedEntities): Promise<Result> {
    await this.beforeUse?.(entities);
    return this.withConnection(work);
  }

  /** As `use`, of a file in which the rows are already: the caller has awaited beforeUse. `owner` is the request. */
  async withConnection<Result>(
    work: (connection: DuckDBConnection) => Promise<Result>,
    owner = this.currentOwner(),
  ): Promise<Result> {
    const connection = await this.#acquire(owner);
    try {
      return await work(connection);
    } finally {
      this.#release(connection);
    }
  }

  /** A connection outside the pool, for the caller to close: it waits for no other query, and not for beforeUse. */
  async connect(): Promise<DuckDBConnection> {
    return this.instance.connect();
  }

  /** As `connect`, of a file that has every acknowledged row. */
  async connectAfterWrites(): Promise<DuckDBConnection> {
    await this.beforeUse?.();
    return this.instance.connect();
  }

  /** Runs work in one transaction: all changes happen, or none. */
  async transaction<Result>(work: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
    return this.use((connection) => inTransaction(connection, work));
  }

  close(): void {
    for (const connection of this.#idle.splice(0)) connection.closeSync();
    this.instance.closeSync();
  }

  /** Waiting queries are served by request in turn: a request with 300 histories must not delay all others. */
  async #acquire(owner: string): Promise<DuckDBConnection> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#opened < MAX_CONNECTIONS) {
      this.#opened += 1;
      return this.instance.connect();
    }
    return new Promise((resolve) => this.#waiting.push(owner, resolve));
  }

  #release(connection: DuckDBConnection): void {
    const next = this.#waiting.shift();
    if (next) next(connection);
    else this.#idle.push(connection);
  }
}

/** Runs work in one transaction of a connection. */
export async function inTransaction<Result>(
  connection: DuckDBConnection,
  work: (connection: DuckDBConnection) => Promise<Result>,
): Promise<Result> {
  await connection.run('BEGIN');
  try {
    const result = await work(connection);
    await connection.run('COMMIT');
    return result;
  } catch (error) {
    // A commit that failed has ended the transaction; its error says more than that of the rollback.
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
