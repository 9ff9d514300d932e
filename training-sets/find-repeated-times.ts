import { TIMESTAMP, timestampValue, VARCHAR } from '@duckdb/node-api';
import { instantFromDuckDb } from '../datasources/duckdb/value-mapping.js';
import type { SourcePlan } from '../datasources/offline/point-in-time/plan.js';
import { describeRepeatedTime } from '../datasources/registry/describe-expectation.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import { retryOnOutage } from '../runtime/retry-on-outage.js';
import { examplesSql, readExamples } from './unexpected-examples.js';
import type { HistoryStore } from './remote-store.js';
import type { PlannedColumn, TrainingSetPlan } from './training-set-plan.js';
import type { UnexpectedValues } from './training-sets.js';
import { checkedTime } from './verify-sample.js';
import type { WorkDatabase } from './work-database.js';

/** The entities and times of a remote source that have several rows. */
const FETCHED = 'repeated_times';

/**
 * The sources that should have one row of an entity at an event time, and have several where a value of the training set
 * comes from. `checked` is the text that comes before a query of the checked rows.
 */
export async function findRepeatedTimes(
  work: WorkDatabase,
  { features, remoteStores }: TrainingSetPlan,
  checked: string,
  tableOf: (source: FeatureSource) => string,
): Promise<UnexpectedValues[]> {
  const numbered = features.map((column, index) => ({ column, index }));
  const found: UnexpectedValues[] = [];
  for (const [source, columns] of Map.groupBy(numbered, ({ column }) => column.source)) {
    const { onRepeatedTime: action } = source.source;
    if (action === null) continue;
    const times = [...new Set(columns.map(({ column, index }) => timeOf(column, index)))];
    const store = remoteStores.get(source);
    if (store) await retryOnOutage(work.signal, () => fetchRepeated(work, source, store, { checked, times }));
    const repeated = store
      ? `SELECT * FROM ${FETCHED}`
      : `SELECT entity_id, event_timestamp FROM ${tableOf(source.source)} GROUP BY ALL HAVING count(*) > 1`;
    const isRepeated = times.map(
      (time) => `(${source.entityColumn}, ${time}) IN (SELECT (entity_id, event_timestamp) FROM repeated)`,
    );
    const [counted] = await work.rows(
      `${checked}, repeated AS (${repeated})
SELECT count(*) AS rows, ${examplesSql(source.entityColumn)} AS examples FROM checked WHERE ${isRepeated.join(' OR ')}`,
    );
    const rows = BigInt(String(counted?.rows));
    if (rows === 0n) continue;
    found.push({
      column: columns[0]!.column.name,
      kind: 'UNIQUE_TIME',
      action,
      description: describeRepeatedTime(source.source),
      rows,
      ...readExamples(counted?.examples),
    });
  }
  return found;
}

/** One scan of the source, of the times that values of the training set have: from the earliest to the latest. */
async function fetchRepeated(
  work: WorkDatabase,
  { source }: SourcePlan,
  store: HistoryStore,
  { checked, times }: { readonly checked: string; readonly times: readonly string[] },
): Promise<void> {
  await work.run(`CREATE OR REPLACE TEMP TABLE ${FETCHED} (entity_id VARCHAR, event_timestamp TIMESTAMP)`);
  const [ends] = await work.rows(
    `${checked} SELECT min(least(${times.join(', ')})) AS first, max(greatest(${times.join(', ')})) AS last FROM checked`,
  );
  const [from, last] = [instantFromDuckDb(ends?.first), instantFromDuckDb(ends?.last)];
  if (from === null || last === null) return;
  const read = {
    entityType: source.entityType,
    sources: [source],
    entityIds: null,
    events: { from, until: last + 1n, areRepeated: true },
    knownAt: null,
    sinceWritten: false,
  };
  for await (const batch of store.entityTimes({ ...read, signal: work.signal })) {
    const appender = await work.connection.createAppender(FETCHED, null, 'temp');
    for (const { entityId, time } of batch) {
      appender.appendValue(entityId, VARCHAR);
      appender.appendValue(timestampValue(time), TIMESTAMP);
      appender.endRow();
    }
    appender.closeSync();
  }
}

function timeOf(column: PlannedColumn, index: number): string {
  return `CAST(${checkedTime(column, index)} AS TIMESTAMP)`;
}
