import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { QueryResult, WorkerSettings } from './protocol.ts';

/**
 * A DuckDB instance that reads the given files and writes into one folder. It has no other access outside its process.
 */
export class SqlEngine {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open({ folder, readable, sqlMemoryBytes, threads }: WorkerSettings): Promise<SqlEngine> {
    const instance = await DuckDBInstance.create(':memory:', {
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    const connection = await instance.connect();
    const list = (paths: readonly string[]): string => `[${paths.map(quote).join(', ')}]`;
    for (const setting of [
      `memory_limit = '${sqlMemoryBytes}B'`,
      `threads = ${threads}`,
      `temp_directory = ${quote(folder)}`,
      `TimeZone = 'UTC'`,
      `allowed_paths = ${list(readable)}`,
      `allowed_directories = ${list([folder])}`,
      'enable_external_access = false',
      'lock_configuration = true',
    ]) {
      await connection.run(`SET GLOBAL ${setting}`);
    }
    return new SqlEngine(instance, connection);
  }

  async query(sql: string): Promise<QueryResult> {
    const result = await this.#connection.runAndReadAll(sql);
    return result.getRowObjectsJson();
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
