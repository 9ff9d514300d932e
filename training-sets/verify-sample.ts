import { joinSql } from '../datasources/offline/point-in-time/sql-text.js';
import { quoteIdentifier, quoteText } from '../datasources/duckdb/sql-text.js';
import type { SourcePlan } from '../datasources/offline/point-in-time/plan.js';
import type { OffendingRow } from './training-sets.js';
import type { PlannedColumn, TrainingSetPlan } from './training-set-plan.js';
import type { WorkDatabase } from './work-database.js';

/** What a checked row calls the time of a value: its own where the output has times, else the one kept for its source. */
export function checkedTime({ timeColumn, timestampName }: PlannedColumn, index: number): string {
  return timestampName === null ? timeColumn! : `time_${index}`;
}

/** About so many rows are derived again; all when there are no more. */
const VERIFIED_ROWS = 1000;
/** At most so many of them where the histories of their entities must be fetched for that. */
export const REMOTE_VERIFIED_ROWS = 100;

/** True of the rows to be derived again: chosen by a hash of their number, so the same ones each time. */
export function isSampled(rows: number): string {
  return `hash(row_id) % ${Math.max(1, Math.floor(rows / VERIFIED_ROWS))} = 0`;
}

export interface SampleVerification {
  readonly verified: bigint;
  /** Rows with a value or time that the history does not give as of the label's. */
  readonly wrong: readonly OffendingRow[];
}

/**
 * Derives the rows of the table `sample` again, the plainest way: every row of the entity's history that the label may see,
 * in order, the first one counts. A row with `leaks` is known to be wrong and is left out.
 */
export async function verifySample(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  tableOf: (source: SourcePlan) => string,
): Promise<SampleVerification> {
  const reasons = new Map<bigint, string>();
  for (const group of groupColumnsByEntity(plan)) {
    for (const row of await work.rows(differences(plan, group, tableOf))) {
      reasons.set(BigInt(String(row.row_id)), String(row.reason));
    }
  }
  const [counts] = await work.rows(`SELECT count(*) AS verified FROM sample`);
  const rows = [...reasons].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    verified: BigInt(String(counts?.verified)),
    wrong: rows.map(([row, reason]) => ({ row, kind: 'LEAKED' as const, reason })),
  };
}

/** A column of the output, and its number in the plan. */
interface NumberedColumn {
  readonly column: PlannedColumn;
  readonly index: number;
}

/** Columns that one row of the history decides: all of a source in a dense entity type, else each by itself. */
function groupColumnsByEntity({ features }: TrainingSetPlan): NumberedColumn[][] {
  const numbered = features.map((column, index) => ({ column, index }));
  return [...Map.groupBy(numbered, ({ column: { source } }) => source)].flatMap(([source, columns]) =>
    source.newestRow ? [columns] : columns.map((column) => [column]),
  );
}

/** The rows of the sample where a value or time is another one than the history gives. */
function differences(
  { pointInTime: { options } }: TrainingSetPlan,
  group: readonly NumberedColumn[],
  tableOf: (source: SourcePlan) => string,
): string {
  const { source } = group[0]!.column;
  const isTimed = source.source.timestampColumn !== null;
  const value = (index: number): string => `h.${quoteIdentifier(group[index]!.column.feature.feature.name)}`;
  const visible = joinSql(
    [
      `h.entity_id = CASE WHEN s.label_time IS NOT NULL THEN s.${source.entityColumn} END`,
      isTimed && `h.event_timestamp ${options.strictlyBefore ? '<' : '<='} s.label_time`,
      isTimed && options.knownAtLabelTime && 'h.created_timestamp <= s.label_time',
      options.knownAt !== null && `h.created_timestamp <= make_timestamp(${options.knownAt})`,
    ],
    ' AND ',
  );
  const newestFirst = joinSql(
    [
      !source.newestRow && `${value(0)} IS NOT NULL DESC`,
      isTimed && 'h.event_timestamp DESC NULLS LAST',
      'h.created_timestamp DESC NULLS LAST',
      'h.sequence DESC NULLS LAST',
      'h.rowid DESC NULLS LAST',
    ],
    ', ',
  );
  const derived = group.map((_, number) => `${value(number)} AS derived_${number}`);
  const reasons = group.map(({ column, index }, number) => {
    const { valueColumn, ttl } = column.feature;
    const isExpired = isTimed && ttl !== null && `epoch_us(label_time) - epoch_us(derived_time) > ${ttl}`;
    const expected = isExpired ? `CASE WHEN ${isExpired} THEN NULL ELSE derived_${number} END` : `derived_${number}`;
    const isOther = joinSql(
      [
        `${valueColumn} IS DISTINCT FROM ${expected}`,
        isTimed && `${checkedTime(column, index)} IS DISTINCT FROM derived_time`,
      ],
      ' OR ',
    );
    return `WHEN ${isOther} THEN ${quoteText(`${column.name}: the history gives another value or time`)}`;
  });
  return `SELECT row_id, reason FROM (
  SELECT *, CASE ${reasons.join('\n    ')} END AS reason FROM sample LEFT JOIN (
    SELECT ${joinSql(['s.row_id', ...derived, isTimed && 'h.event_timestamp AS derived_time'], ', ')}
    FROM sample AS s JOIN ${tableOf(source)} AS h ON ${visible}
    QUALIFY row_number() OVER (PARTITION BY s.row_id ORDER BY ${newestFirst}) = 1) USING (row_id))
WHERE reason IS NOT NULL AND NOT leaks`;
}
