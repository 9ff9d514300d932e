import type { DuckDBConnection } from '@duckdb/node-api';
import type { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { readTableComment, ensureSchema, isTableConflict } from '../../datasources/duckdb/job-tables.js';
import { quoteIdentifier, quoteText } from '../../datasources/duckdb/sql-text.js';
import { JobFailure } from '../../jobs/job-failure.js';
import { fileListSql } from '../../datasources/files/read-parquet-files.js';

/** The schema of the offline store with the tables of predictions. */
const SCHEMA = 'predictions';

/**
 * The table of a job's predictions. It is created from the job's files when the job ends: a resumed job continues from
 * the files, and they contain the failures. One transaction fills it, so that the table has all predictions or, before,
 * none.
 */
export class PredictionsTable {
  constructor(
    private readonly offline: DuckDbDatabase,
    private readonly name: string,
  ) {}

  /** The form in which clients name it. */
  get location(): string {
    return `${SCHEMA}.${this.name}`;
  }

  async isThere(): Promise<boolean> {
    return this.offline.use(
      async (connection) => (await readTableComment(connection, SCHEMA, this.name)) !== undefined,
    );
  }

  /**
   * Reserves the name by an empty table, or finds that this job has it already. So another job fails at its start and
   * not at its end.
   */
  async claim(job: string): Promise<void> {
    await this.#change(async (connection) => {
      const maker = await readTableComment(connection, SCHEMA, this.name);
      if (maker === job) return;
      if (maker !== undefined) throw inUse();
      await this.#create(connection, job, '(instance_number BIGINT)');
    });
  }

  /** Inserts the content of this job's files; without files, it removes the table. */
  async fill(job: string, files: readonly string[]): Promise<void> {
    await this.#change(async (connection) => {
      await connection.run(`DROP TABLE IF EXISTS ${this.#sql}`);
      if (files.length > 0) await this.#create(connection, job, `AS FROM read_parquet(${fileListSql(files)})`);
    });
  }

  get #sql(): string {
    return `${SCHEMA}.${quoteIdentifier(this.name)}`;
  }

  async #create(connection: DuckDBConnection, job: string, content: string): Promise<void> {
    await connection.run(`CREATE TABLE ${this.#sql} ${content}`);
    await connection.run(`COMMENT ON TABLE ${this.#sql} IS ${quoteText(job)}`);
  }

  async #change(change: (connection: DuckDBConnection) => Promise<void>): Promise<void> {
    await this.offline.use((connection) => ensureSchema(connection, SCHEMA));
    await this.offline.transaction(change).catch((error: unknown) => {
      throw isTableConflict(error) ? inUse() : error;
    });
  }
}

function inUse(): JobFailure {
  return new JobFailure('OUTPUT_IN_USE', 'Something else is in the same table. Give each job its own.');
}
