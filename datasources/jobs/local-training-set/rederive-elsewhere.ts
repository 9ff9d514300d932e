import { isDeepStrictEqual } from 'node:util';
import type { DuckDBValue } from '@duckdb/node-api';
import { cellAt, NOT_FOUND_CELL, type FeatureCell } from '../../../values/feature-cell.js';
import { fromDuckDb, instantFromDuckDb } from '../../offline/duckdb/value-mapping.js';
import type { OffendingRow } from '../training-sets.js';
import { checkedTime, type Rederived } from './rederive.js';
import type { PlannedColumn, TrainingSetPlan } from './training-set-plan.js';
import type { WorkDatabase } from './work-database.js';

/** About so many looks into histories elsewhere: each is a query that takes a second and is paid for. */
const LOOKS = 64;
const LOOKS_AT_ONCE = 8;

type Row = Readonly<Record<string, DuckDBValue>>;

/**
 * Derives some rows of the table `sample` again from stores elsewhere, by the port's `history`: the newest value that the
 * label may see. What was written by a label's time `history` does not know, so with that option nothing is derived.
 */
export async function rederiveElsewhere(work: WorkDatabase, plan: TrainingSetPlan): Promise<Rederived> {
  if (plan.request.options.knownAtLabelTime) return { verified: 0n, wrong: [] };
  const columns = plan.features
    .map((column, index) => ({ column, index }))
    .filter(({ column: { source } }) => plan.elsewhere.has(source));
  const rows = await work.rows(
    `SELECT * FROM sample WHERE NOT leaks ORDER BY hash(row_id) LIMIT ${Math.max(1, Math.floor(LOOKS / columns.length))}`,
  );
  const looks = rows.flatMap((row) => columns.map((column) => ({ row, ...column })));
  const reasons = new Map<bigint, string>();
  for (let start = 0; start < looks.length; start += LOOKS_AT_ONCE) {
    work.signal.throwIfAborted();
    await Promise.all(
      looks.slice(start, start + LOOKS_AT_ONCE).map(async ({ row, column, index }) => {
        if (await isRight(plan, row, column, index)) return;
        reasons.set(BigInt(String(row.row_id)), `${column.name}: the history gives another value or time`);
      }),
    );
  }
  const wrong = [...reasons].map(([row, reason]): OffendingRow => ({ row, kind: 'LEAKED', reason }));
  return { verified: BigInt(rows.length), wrong };
}

async function isRight(plan: TrainingSetPlan, row: Row, column: PlannedColumn, index: number): Promise<boolean> {
  const { feature, valueColumn } = column.feature;
  const cell = await derived(plan, row, column);
  if (!isDeepStrictEqual(fromDuckDb(feature.valueType, row[valueColumn] ?? null), cell.value)) return false;
  if (column.timeColumn === null) return true;
  // A null of a sparse entity type is no part of the history: there is no value, but there may be a time.
  const isUntold = cell.status === 'NOT_FOUND' && !column.source.newestRow;
  return isUntold || instantFromDuckDb(row[checkedTime(column, index)]) === cell.timestamp;
}

async function derived(
  plan: TrainingSetPlan,
  row: Row,
  { source, feature: planned }: PlannedColumn,
): Promise<FeatureCell> {
  const entityId = row[source.entityColumn] as string | null;
  const time = instantFromDuckDb(row.label_time);
  if (entityId === null || time === null) return NOT_FOUND_CELL;
  const { strictlyBefore } = plan.request.options;
  const [entry] = await plan.elsewhere.get(source)!.history({
    feature: planned.feature,
    entityId,
    from: null,
    to: strictlyBefore ? null : time,
    before: strictlyBefore ? time : null,
    limit: 1,
  });
  return entry ? cellAt(entry.value, entry.timestamp, planned.ttl, time) : NOT_FOUND_CELL;
}
