import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { historyTable, historyTableName } from '../../duckdb/history-table.js';
import { readImportId } from '../../duckdb/import-record.js';
import { quoteIdentifier } from '../../duckdb/sql-text.js';
import { fromDuckDb } from '../../duckdb/value-mapping.js';
import type { FeatureSource } from '../../registry/model.js';
import { WRITTEN_VERSION, type HistoryRows, type HistorySnapshot } from '../history-snapshot.js';

/**
 * Opens a snapshot of a table: a transaction that reads it, whatever is committed meanwhile. It takes the connection, and
 * closes it.
 */
export async function openHistorySnapshot(
  connection: DuckDBConnection,
  source: FeatureSource,
): Promise<HistorySnapshot | null> {
  const close = (): void => connection.closeSync();
  try {
    // The first read of the transaction decides what it sees.
    await connection.run('BEGIN TRANSACTION READ ONLY');
    const version = await readVersion(connection, source);
    if (version === undefined) {
      close();
      return null;
    }
    const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${historyTable(source)}`);
    const rows = Number(counted.getRows()[0]![0]);
    return { version, rows, batches: () => readBatches(connection, source), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** undefined for a source that was never imported, or whose table has another name now. */
async function readVersion(connection: DuckDBConnection, source: FeatureSource): Promise<string | undefined> {
  if (source.sql !== null) return readImportId(connection, source);
  const { rowCount } = await connection.run(
    'SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = $1 AND table_name = $2',
    [source.entityType.featurestore.name, historyTableName(source)],
  );
  return rowCount > 0 ? WRITTEN_VERSION : undefined;
}

async function* readBatches(connection: DuckDBConnection, source: FeatureSource): AsyncGenerator<HistoryRows> {
  const { features, timestampColumn } = source;
  const time = timestampColumn === null ? 'NULL::BIGINT' : 'epoch_us(event_timestamp)';
  // Whole numbers and no timestamps, of which the client would make an object each. The place in the table is the order of
  // arrival.
  const columns = ['entity_id', time, 'epoch_us(created_timestamp)', 'sequence', 'rowid'];
  const values = features.map(({ name }) => quoteIdentifier(name));
  const result = await connection.stream(`SELECT ${[...columns, ...values].join(', ')} FROM ${historyTable(source)}`);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return;
    const [entityIds, timestamps, createdTimestamps, sequences, arrivals, ...ofFeatures] = chunk.getColumns() as [
      string[],
      (bigint | null)[],
      (bigint | null)[],
      (bigint | null)[],
      bigint[],
      ...DuckDBValue[][],
    ];
    yield {
      entityIds,
      timestamps,
      createdTimestamps,
      sequences,
      arrivals,
      features,
      values: features.map(({ valueType }, index) =>
        ofFeatures[index]!.map((value) => fromDuckDb(valueType, value ?? null)),
      ),
    };
  }
}
