import type { DuckDBConnection } from '@duckdb/node-api';
import type { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { readTableComment, ensureSchema, isTableConflict } from '../../datasources/duckdb/job-tables.js';
import { quoteIdentifier, quoteText } from '../../datasources/duckdb/sql-text.js';
import { JobFailure } from '../../jobs/job-failure.js';
import { fileList } from './batch-source.js';

/** The schema of the offline store that predictions are tables of. */
const SCHEMA = 'predictions';

/**
 * The table of a job's predictions, made from its files when it ends: those are what it goes on from after a crash, and where
 * failures are. In one transaction, so that the table has all of them or, before, none.
 */
export class PredictionsTable {
  constructor(
    private readonly offline: DuckDbDatabase,
    private readonly name: string,
  ) {}

  /** How clients name it. */
  get location(): string {
    return `${SCHEMA}.${this.name}`;
  }

  async isThere(): Promise<boolean> {
    return this.offline.use(
      async (connection) => (await readTableComment(connection, SCHEMA, this.name)) !== undefined,
    );
  }

  /** Takes the name by an empty table, or finds that it is this job's. Another job hears at its begin, not at its end. */
  async claim(job: string): Promise<void> {
    await this.#change(async (connection) => {
      const maker = await readTableComment(connection, SCHEMA, this.name);
      if (maker === job) return;
      if (maker !== undefined) throw inUse();
      await this.#create(connection, job, '(instance_number BIGINT)');
    });
  }

  /** Puts in what is in the files of this job; without any, nothing is left of the table. */
  async fill(job: string, files: readonly string[]): Promise<void> {
    await this.#change(async (connection) => {
      await connection.run(`DROP TABLE IF EXISTS ${this.#sql}`);
      if (files.length > 0) await this.#create(connection, job, `AS FROM read_parquet(${fileList(files)})`);
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
