import { rm } from 'node:fs/promises';
import {
  type DuckDBAppender,
  type DuckDBConnection,
  type DuckDBMaterializedResult,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { fillAppender } from '../datasources/duckdb/fill-appender.js';
import { interruptOnAbort } from '../datasources/duckdb/interrupt-on-abort.js';
import { quoteIdentifier, quoteText } from '../datasources/duckdb/sql-text.js';

const PROGRESS_EVERY_MS = 250;

/**
 * The private database of one job, on its own connection to the instance of the offline store. It contains the labels
 * and the rows joined so far, in memory or in a file. DuckDB makes each step in a file durable, so that a job whose
 * process was killed resumes after the last step.
 */
export class WorkDatabase {
  /** Whether its content survives the process. */
  isInFile = false;
  readonly #lent = new AsyncDisposableStack();

  private constructor(
    readonly connection: DuckDBConnection,
    readonly name: string,
    readonly signal: AbortSignal,
  ) {}

  /** `id` is unique among the jobs of this process. */
  static async open(connection: DuckDBConnection, id: string, signal: AbortSignal): Promise<WorkDatabase> {
    const work = new WorkDatabase(connection, quoteIdentifier(`job ${id}`), signal);
    await connection.run('SET enable_progress_bar = true');
    await connection.run('SET enable_progress_bar_print = false');
    await work.#attach(':memory:');
    return work;
  }

  /** Continues in a file, with its content if the file exists. The content in memory is lost. */
  async moveTo(path: string): Promise<void> {
    await this.connection.run(`DETACH ${this.name}`);
    await this.#attach(path);
    this.isInFile = true;
  }

  table(name: string): string {
    return `${this.name}.${quoteIdentifier(name)}`;
  }

  async has(table: string): Promise<boolean> {
    const { rowCount } = await this.run('SELECT 1 FROM duckdb_tables() WHERE database_name = $1 AND table_name = $2', [
      this.name.slice(1, -1),
      table,
    ]);
    return rowCount > 0;
  }

  /** Runs a query. When the job must stop, the query is interrupted and rejects with the signal's reason. */
  async run(
    sql: string,
    values: readonly DuckDBValue[] = [],
    types?: readonly DuckDBType[],
    onShare?: (share: number) => void,
  ): Promise<DuckDBMaterializedResult> {
    const progress = onShare && setInterval(() => onShare(this.#share()), PROGRESS_EVERY_MS);
    try {
      return await interruptOnAbort(this.connection, this.signal, () =>
        this.connection.run(sql, [...values], types && [...types]),
      );
    } finally {
      clearInterval(progress);
    }
  }

  /** The rows of a query, by column. */
  async rows(sql: string, values: readonly DuckDBValue[] = []): Promise<Record<string, DuckDBValue>[]> {
    return (await this.run(sql, values)).getRowObjects();
  }

  /** Appends rows that this process makes. They are durable when it returns. */
  async append(table: string, fill: (appender: DuckDBAppender) => void): Promise<void> {
    this.signal.throwIfAborted();
    const appender = await this.connection.createAppender(table, 'main', this.name.slice(1, -1));
    fillAppender(appender, () => fill(appender));
  }

  /** Runs `work` as one transaction: all of it takes effect, or none. */
  async transaction(work: () => Promise<void>): Promise<void> {
    await this.connection.run('BEGIN');
    try {
      await work();
      await this.connection.run('COMMIT');
    } catch (error) {
      await this.connection.run('ROLLBACK');
      throw error;
    }
  }

  /** Releases the file. */
  async close(): Promise<void> {
    await this.connection.run(`DETACH ${this.name}`);
    this.connection.closeSync();
    await this.#lent.disposeAsync();
  }

  /** Disposes a resource when the database is closed, such as a folder that its queries read from. */
  keep(resource: AsyncDisposable): void {
    this.#lent.use(resource);
  }

  async #attach(path: string): Promise<void> {
    await this.connection.run(`ATTACH ${quoteText(path)} AS ${this.name}`);
  }

  /** DuckDB's estimate of the progress of the running query, 0 to 1; 0 if it has no estimate. */
  #share(): number {
    const { percentage } = this.connection.progress;
    return percentage > 0 ? Math.min(percentage / 100, 1) : 0;
  }
}

export async function removeWorkFile(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(`${path}.wal`, { force: true });
}

export async function countRows(work: WorkDatabase, table: string): Promise<number> {
  const [row] = await work.rows(`SELECT count(*) AS rows FROM ${work.table(table)}`);
  return Number(row?.rows);
}
