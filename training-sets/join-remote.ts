import { BOOLEAN, TIMESTAMP, timestampValue, type DuckDBAppender, type DuckDBValue } from '@duckdb/node-api';
import { toDuckDbType, instantFromDuckDb, toDuckDb } from '../datasources/duckdb/value-mapping.js';
import type { BulkReads, EntityMoment, PointInTimeCell } from '../datasources/offline/offline-store.js';
import { timeColumnName, type SourcePlan } from '../datasources/offline/point-in-time/plan.js';
import type { JoinStep } from './join-step.js';
import { retryOnOutage } from '../runtime/retry-on-outage.js';
import type { HistoryStore } from './remote-store.js';
import type { TrainingSetPlan } from './training-set-plan.js';
import { countRows, type WorkDatabase } from './work-database.js';

/**
 * The column that says whether an entity is known, in the joined table of a static remote source. Its values have no
 * time that would show this.
 */
export const IS_KNOWN = 'is_known';

/**
 * The join with a source whose history is in another store. Reads the values of the labels from that store, at most
 * maxLabelsPerRead labels at a time, and appends the results to the joined table (`name`). Each result is durable
 * before the next read. If there are more labels than one read takes and the store has bulk reads, one bulk read
 * replaces them.
 */
export async function joinRemoteStep(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  source: SourcePlan,
  store: HistoryStore,
  name: string,
): Promise<JoinStep> {
  const columns = joinedColumns(plan, source);
  if (!(await work.has(name))) {
    const definitions = columns.map((column) => `${column.name} ${column.type.toString()}`);
    await work.run(`CREATE TABLE ${work.table(name)} (${['row_id BIGINT', ...definitions].join(', ')})`);
  }
  let rows = await countRows(work, name);
  return {
    get rows() {
      return rows;
    },
    async joinUpTo(to, onShare) {
      const from = rows;
      if (store.bulk && to - from > store.maxLabelsPerRead) {
        const range = { from, to };
        await retryOnOutage(work.signal, () => joinInBulk(work, plan, source, store.bulk!, { name, range, onShare }));
        rows = to;
        return;
      }
      while (rows < to) {
        const end = Math.min(rows + store.maxLabelsPerRead, to);
        const cells = await store.pointInTime({
          entityType: source.source.entityType,
          labels: await readLabels(work, source, rows, end),
          features: source.features.map(({ feature }) => feature),
          options: plan.request.options,
          ttl: plan.request.ttl,
          writtenAfter: true,
        });
        const first = rows;
        await work.append(name, (appender) =>
          cells.forEach((ofLabel, index) => appendRow(appender, BigInt(first + index), ofLabel, columns)),
        );
        rows = end;
        onShare((rows - from) / (to - from));
      }
    },
  };
}

interface BulkJoin {
  /** The name of the joined table. */
  readonly name: string;
  /** The range of label numbers; `to` is exclusive. */
  readonly range: { readonly from: number; readonly to: number };
  readonly onShare: (share: number) => void;
}

/**
 * The cells arrive in no order, so they are collected first. Then all rows enter the joined table in one step, or none
 * do.
 */
async function joinInBulk(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  source: SourcePlan,
  bulk: BulkReads,
  { name, range: { from, to }, onShare }: BulkJoin,
): Promise<void> {
  const columns = joinedColumns(plan, source);
  const gathered = `${name}_gathered`;
  const count = to - from;
  await work.run(`CREATE OR REPLACE TABLE ${work.table(gathered)} AS SELECT * FROM ${work.table(name)} WITH NO DATA`);
  const read = bulk.pointInTime({
    entityType: source.source.entityType,
    labels: { count, page: (first, last) => readLabels(work, source, from + first, from + last) },
    features: source.features.map(({ feature }) => feature),
    options: plan.request.options,
    ttl: plan.request.ttl,
    writtenAfter: true,
    signal: work.signal,
  });
  let done = 0;
  for await (const batch of read) {
    await work.append(gathered, (appender) => {
      for (const { label, cells } of batch) appendRow(appender, BigInt(from + label), cells, columns);
    });
    onShare((done += batch.length) / count);
  }
  const valueOf = (column: string): string => (column === IS_KNOWN ? `coalesce(g.${column}, false)` : `g.${column}`);
  await work.run(`INSERT INTO ${work.table(name)}
    SELECT ${['l.row_id', ...columns.map((column) => valueOf(column.name))].join(', ')}
    FROM (SELECT range AS row_id FROM range(${from}, ${to})) AS l
    LEFT JOIN ${work.table(gathered)} AS g ON g.row_id = l.row_id ORDER BY l.row_id`);
  await work.run(`DROP TABLE ${work.table(gathered)}`);
}

interface JoinedColumn {
  readonly name: string;
  readonly type: ReturnType<typeof toDuckDbType>;
  readonly from: (cells: readonly PointInTimeCell[]) => DuckDBValue;
}

/** The same columns as for the join with a local source. */
function joinedColumns({ features }: TrainingSetPlan, source: SourcePlan): JoinedColumn[] {
  const values = source.features.map(({ feature, valueColumn }, index): JoinedColumn => ({
    name: valueColumn,
    type: toDuckDbType(feature.valueType),
    from: (cells) => toDuckDb(feature.valueType, cells[index]!.value),
  }));
  if (source.source.timestampColumn === null) {
    const isKnown: JoinedColumn['from'] = (cells) => cells.some(({ status }) => status !== 'NOT_FOUND');
    return [...values, { name: IS_KNOWN, type: BOOLEAN, from: isKnown }];
  }
  // The features of one row share these columns.
  const ofRows = new Map<string, JoinedColumn>();
  for (const [index, feature] of source.features.entries()) {
    const name = timeColumnName(source, feature);
    if (ofRows.has(name)) continue;
    ofRows.set(name, {
      name,
      type: TIMESTAMP,
      from: (cells) => {
        const { timestamp } = cells[index]!;
        return timestamp === null ? null : timestampValue(timestamp);
      },
    });
    const { writtenAfterColumn } = features.find((column) => column.feature === feature)!;
    if (writtenAfterColumn === null) continue;
    ofRows.set(writtenAfterColumn, {
      name: writtenAfterColumn,
      type: BOOLEAN,
      from: (cells) => cells[index]!.writtenAfter ?? false,
    });
  }
  return [...values, ...ofRows.values()];
}

function appendRow(
  appender: DuckDBAppender,
  rowId: bigint,
  cells: readonly PointInTimeCell[],
  columns: readonly JoinedColumn[],
): void {
  appender.appendBigInt(rowId);
  for (const { from, type } of columns) {
    const value = from(cells);
    if (value === null) appender.appendNull();
    else appender.appendValue(value, type);
  }
  appender.endRow();
}

async function readLabels(work: WorkDatabase, source: SourcePlan, from: number, to: number): Promise<EntityMoment[]> {
  const rows = await work.rows(
    `SELECT label_time, ${source.entityColumn} AS entity_id FROM ${work.table('labels')}
     WHERE rowid >= ${from} AND rowid < ${to} ORDER BY rowid`,
  );
  return rows.map(({ label_time, entity_id }) => ({
    entityId: entity_id as string | null,
    time: instantFromDuckDb(label_time),
  }));
}
