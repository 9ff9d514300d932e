import { BOOLEAN, TIMESTAMP, timestampValue, type DuckDBAppender, type DuckDBValue } from '@duckdb/node-api';
import type { FeatureCell } from '../../../values/feature-cell.js';
import { columnTypeOf, instantFromDuckDb, toDuckDb } from '../../offline/duckdb/value-mapping.js';
import type { PointInTimeLabel } from '../../offline/offline-store.js';
import { timeColumnOf, type SourcePlan } from '../../offline/point-in-time/plan.js';
import type { JoinStep } from './join-labels.js';
import type { HistoryStore } from './store-elsewhere.js';
import type { TrainingSetPlan } from './training-set-plan.js';
import { countRows, type WorkDatabase } from './work-database.js';

/** Whether an entity is known, in the joined table of a static source elsewhere: its values have no time that says so. */
export const IS_KNOWN = 'is_known';

/**
 * The join with a source whose history is in another store: that store is asked what was known of each label, so many
 * labels at a time as it takes, and the answers are put into the joined table (`name`), each durable before the next.
 */
export async function stepElsewhere(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  source: SourcePlan,
  store: HistoryStore,
  name: string,
): Promise<JoinStep> {
  const columns = columnsOf(source);
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
      while (rows < to) {
        const end = Math.min(rows + store.maxLabelsPerRead, to);
        const cells = await store.pointInTime({
          entityType: source.source.entityType,
          labels: await labelsOf(work, source, rows, end),
          features: source.features.map(({ feature }) => feature),
          options: plan.request.options,
          ttl: plan.request.ttl,
        });
        const appender = await work.appenderOf(name);
        cells.forEach((ofLabel, index) => appendRow(appender, BigInt(rows + index), ofLabel, columns));
        appender.closeSync();
        rows = end;
        onShare((rows - from) / (to - from));
      }
    },
  };
}

interface JoinedColumn {
  readonly name: string;
  readonly type: ReturnType<typeof columnTypeOf>;
  readonly from: (cells: readonly FeatureCell[]) => DuckDBValue;
}

/** The same columns as the join of a source here has. */
function columnsOf(source: SourcePlan): JoinedColumn[] {
  const values = source.features.map(({ feature, valueColumn }, index): JoinedColumn => ({
    name: valueColumn,
    type: columnTypeOf(feature.valueType),
    from: (cells) => toDuckDb(feature.valueType, cells[index]!.value),
  }));
  if (source.source.timestampColumn === null) {
    const isKnown: JoinedColumn['from'] = (cells) => cells.some(({ status }) => status !== 'NOT_FOUND');
    return [...values, { name: IS_KNOWN, type: BOOLEAN, from: isKnown }];
  }
  const times = new Map<string, JoinedColumn>();
  for (const [index, feature] of source.features.entries()) {
    const name = timeColumnOf(source, feature);
    if (times.has(name)) continue;
    times.set(name, {
      name,
      type: TIMESTAMP,
      from: (cells) => {
        const { timestamp } = cells[index]!;
        return timestamp === null ? null : timestampValue(timestamp);
      },
    });
  }
  return [...values, ...times.values()];
}

function appendRow(
  appender: DuckDBAppender,
  rowId: bigint,
  cells: readonly FeatureCell[],
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

async function labelsOf(work: WorkDatabase, source: SourcePlan, from: number, to: number): Promise<PointInTimeLabel[]> {
  const rows = await work.rows(
    `SELECT label_time, ${source.entityColumn} AS entity_id FROM ${work.table('labels')}
     WHERE rowid >= ${from} AND rowid < ${to} ORDER BY rowid`,
  );
  return rows.map(({ label_time, entity_id }) => ({
    entityId: entity_id as string | null,
    time: instantFromDuckDb(label_time),
  }));
}
