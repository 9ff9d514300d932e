import type { DuckDbDatabase } from '../../duckdb/database.js';
import { historyTable } from '../../duckdb/history-table.js';
import { readImportId } from '../../duckdb/import-record.js';
import type { FeatureSource } from '../../registry/model.js';

/** The version of a source that was never imported. */
const NEVER = '0';

/** What identifies the last import of each source. The file has it, so it is the same after a restart. */
export class ImportVersions {
  readonly #known = new Map<string, string>();

  constructor(private readonly database: DuckDbDatabase) {}

  /** undefined while it is not known, at the end of an import. */
  of(source: FeatureSource): string | undefined {
    return source.sql === null ? NEVER : this.#known.get(historyTable(source));
  }

  /** Reads them again. It waits for no drain of written rows. */
  async load(sources: readonly FeatureSource[]): Promise<void> {
    const computed = sources.filter(({ sql }) => sql !== null);
    if (computed.length === 0) return;
    for (const source of computed) this.#known.delete(historyTable(source));
    const connection = await this.database.connect();
    try {
      for (const source of computed) {
        this.#known.set(historyTable(source), (await readImportId(connection, source)) ?? NEVER);
      }
    } finally {
      connection.closeSync();
    }
  }
}
