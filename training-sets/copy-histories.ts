import { BIGINT, TIMESTAMP, timestampValue, VARCHAR, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import type { Instant } from '../values/instant.js';
import { toDuckDbType, instantFromDuckDb, toDuckDb } from '../datasources/duckdb/value-mapping.js';
import type { FeatureRow } from '../datasources/offline/offline-store.js';
import type { SourcePlan } from '../datasources/offline/point-in-time/plan.js';
import { quoteIdentifier } from '../datasources/duckdb/sql-text.js';
import { retryOnOutage } from '../runtime/retry-on-outage.js';
import type { HistoryStore } from './remote-store.js';
import type { TrainingSetPlan } from './training-set-plan.js';
import type { WorkDatabase } from './work-database.js';

/**
 * Copies the rows of the entities in the table `sample` from remote stores, so that their values too are derived again
 * from every row that a label may see. Each source is scanned once. Returns the table of each source, its rows in order
 * of arrival.
 */
export async function copyHistories(work: WorkDatabase, plan: TrainingSetPlan): Promise<Map<SourcePlan, string>> {
  const tables = new Map<SourcePlan, string>();
  for (const [source, store] of plan.remoteStores) {
    const name = `history_${plan.pointInTime.sources.indexOf(source)}`;
    await retryOnOutage(work.signal, () => copyHistory(work, source, store, name));
    tables.set(source, work.table(name));
  }
  return tables;
}

async function copyHistory(work: WorkDatabase, source: SourcePlan, store: HistoryStore, name: string): Promise<void> {
  const columns = historyColumns(source);
  const definitions = columns.map((column) => `${quoteIdentifier(column.name)} ${column.type.toString()}`);
  await work.run(`CREATE OR REPLACE TABLE ${work.table(name)} (${definitions.join(', ')})`);
  const entities = await work.rows(
    `SELECT ${source.entityColumn} AS id, max(label_time) AS last FROM sample
     WHERE ${source.entityColumn} IS NOT NULL AND label_time IS NOT NULL GROUP BY id`,
  );
  if (entities.length === 0) return;
  const rows = store.rows({
    source: source.source,
    entityIds: entities.map(({ id }) => String(id)),
    features: source.features.map(({ feature }) => feature),
    to: entities.map(({ last }) => instantFromDuckDb(last)!).reduce((a, b) => (a > b ? a : b)),
  });
  for await (const batch of rows) {
    await work.append(name, (appender) => {
      for (const row of batch) {
        for (const { readValue: valueOf, type } of columns) {
          const value = valueOf(row);
          if (value === null) appender.appendNull();
          else appender.appendValue(value, type);
        }
        appender.endRow();
      }
    });
  }
}

interface HistoryColumn {
  readonly name: string;
  readonly type: DuckDBType;
  readonly readValue: (row: FeatureRow) => DuckDBValue;
}

/** The columns of the embedded store's tables, with the features that are joined. */
function historyColumns({ features }: SourcePlan): HistoryColumn[] {
  return [
    { name: 'entity_id', type: VARCHAR, readValue: ({ entityId }) => entityId },
    { name: 'event_timestamp', type: TIMESTAMP, readValue: ({ timestamp }) => timeValue(timestamp) },
    { name: 'created_timestamp', type: TIMESTAMP, readValue: ({ createdTimestamp }) => timeValue(createdTimestamp) },
    { name: 'sequence', type: BIGINT, readValue: ({ sequence }) => sequence ?? null },
    ...features.map(({ feature: { name, valueType } }) => ({
      name,
      type: toDuckDbType(valueType),
      readValue: ({ values }: FeatureRow) => toDuckDb(valueType, values.get(name) ?? null),
    })),
  ];
}

function timeValue(time: Instant | null | undefined): DuckDBValue {
  return time === null || time === undefined ? null : timestampValue(time);
}
