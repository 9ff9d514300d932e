import { joinSql } from '../datasources/offline/point-in-time/sql-text.js';
import type { PointInTimeOptions, SourcePlan } from '../datasources/offline/point-in-time/plan.js';
import { quoteIdentifier } from '../datasources/duckdb/sql-text.js';
import type { PlannedColumn } from './training-set-plan.js';

/** The names of the value and the event time of an output column in a derived row. */
export interface DerivedColumn {
  readonly value: string;
  /** null for a static source. */
  readonly time: string | null;
}

export interface Derivation {
  /**
   * A SELECT of row_id and the columns of `columns`, with one row for each row of `sample` that has a known row in the
   * history.
   */
  readonly sql: string;
  /** In the order of the given columns. */
  readonly columns: readonly DerivedColumn[];
}

/**
 * How rows of the history are assigned to the labels that may see them: ALL_LABELS joins every pair, FIRST_LABEL sorts
 * both. Both give the same values; the number of labels per entity determines which is faster.
 */
export type DerivationWay = 'ALL_LABELS' | 'FIRST_LABEL';

/**
 * Derives the values of one source again, for the rows of the table `sample`. It shares no SQL with the compiler and
 * works in the opposite direction: the compiler finds the row for each label; this assigns each row of the history to
 * the first label that may see it. The values that a label sees are then the maximum over its own rows and those of the
 * entity's earlier labels.
 *
 * Each row of the history is thus read once, however many labels an entity has. A join of labels with rows has 4.5
 * billion pairs for 1,488 labels of one entity with 3 million rows. If an entity has few labels, assigning each row to
 * all labels that may see it gives the same maximum without sorting.
 */
export function deriveValues(
  source: SourcePlan,
  columns: readonly PlannedColumn[],
  options: PointInTimeOptions,
  table: string,
  way: DerivationWay,
): Derivation {
  return source.source.timestampColumn === null
    ? deriveStatic(source, columns, options, table)
    : deriveTimed(source, columns, options, table, way);
}

function deriveTimed(
  source: SourcePlan,
  columns: readonly PlannedColumn[],
  options: PointInTimeOptions,
  table: string,
  way: DerivationWay,
): Derivation {
  const becameTrue = options.strictlyBefore ? 'h.event_timestamp + INTERVAL 1 MICROSECOND' : 'h.event_timestamp';
  // greatest() ignores nulls, so the condition excludes rows without a creation time.
  const visibleAt = options.knownAtLabelTime ? `greatest(${becameTrue}, h.created_timestamp)` : becameTrue;
  const condition = joinSql(
    [options.knownAtLabelTime && 'h.created_timestamp IS NOT NULL', wasWritten(options), 'true'],
    ' AND ',
  );
  const newest = newestRows(source, columns, true);
  // The columns are listed, because the * of a table excludes rowid.
  const ofFeatures = source.newestRow ? [] : columns.map(({ feature: { feature } }) => quoteIdentifier(feature.name));
  const rowColumns = new Set(['event_timestamp', 'created_timestamp', 'sequence', 'rowid', ...ofFeatures]);
  const names = newest.map(({ name }) => name);
  const sql = `WITH moment AS MATERIALIZED (
  SELECT *, dense_rank() OVER (ORDER BY entity_id) AS entity, row_number() OVER (ORDER BY entity_id, label_time) AS moment
  FROM (SELECT DISTINCT ${source.entityColumn} AS entity_id, label_time FROM sample
    WHERE ${source.entityColumn} IS NOT NULL AND label_time IS NOT NULL)),
history AS (
  SELECT ${joinSql(['e.entity', `${visibleAt} AS visible_at`, ...[...rowColumns].map((column) => `h.${column}`)], ', ')}
  FROM ${table} AS h JOIN (SELECT DISTINCT entity_id, entity FROM moment) AS e ON e.entity_id = h.entity_id
  WHERE ${condition}),
first_seen AS (
  SELECT ${joinSql(['m.moment', ...newest.map(({ name, maximum }) => `${maximum} AS ${name}`)], ',\n    ')}
  FROM history AS h ${way === 'FIRST_LABEL' ? 'ASOF JOIN' : 'JOIN'} moment AS m ON m.entity = h.entity AND m.label_time >= h.visible_at
  GROUP BY m.moment),
seen AS (
  SELECT m.entity_id, m.label_time, ${names.map((name) => `max(f.${name}) OVER earlier AS ${name}`).join(', ')}
  FROM moment AS m LEFT JOIN first_seen AS f ON f.moment = m.moment
  WINDOW earlier AS (PARTITION BY m.entity ORDER BY m.label_time ROWS UNBOUNDED PRECEDING))
${selectDerived(source, columns, table, 's.entity_id = r.entity_id AND s.label_time = r.label_time')}`;
  return { sql, columns: columns.map((_, number) => derivedColumn(number, true)) };
}

/** In a static source, each label of an entity sees the entity's newest row by creation time, sequence and arrival. */
function deriveStatic(
  source: SourcePlan,
  columns: readonly PlannedColumn[],
  options: PointInTimeOptions,
  table: string,
): Derivation {
  const newest = newestRows(source, columns, false).map(({ name, maximum }) => `${maximum} AS ${name}`);
  const sql = `WITH seen AS (
  SELECT ${joinSql(['h.entity_id', ...newest], ', ')} FROM ${table} AS h
  WHERE ${joinSql([wasWritten(options), `h.entity_id IN (SELECT ${source.entityColumn} FROM sample)`], ' AND ')}
  GROUP BY h.entity_id)
${selectDerived(source, columns, table, 's.entity_id = CASE WHEN r.label_time IS NOT NULL THEN r.entity_id END')}`;
  return { sql, columns: columns.map((_, number) => derivedColumn(number, false)) };
}

function wasWritten({ knownAt }: PointInTimeOptions): string | false {
  return knownAt !== null && `h.created_timestamp <= make_timestamp(${knownAt})`;
}

function derivedColumn(number: number, isTimed: boolean): DerivedColumn {
  return {
    value: `derived_${number}`,
    time: isTimed ? `derived_time_${number}` : null,
  };
}

interface NewestRow {
  readonly name: string;
  readonly maximum: string;
}

/**
 * Selects the newest row. If each feature has its own newest value, it also selects the newest row with a value for
 * each feature.
 */
function newestRows(source: SourcePlan, columns: readonly PlannedColumn[], isTimed: boolean): NewestRow[] {
  const whole = { name: 'newest', maximum: `max(${order(isTimed)})` };
  if (source.newestRow) return [whole];
  const values = columns.map(({ feature: { feature } }, number) => {
    const value = `h.${quoteIdentifier(feature.name)}`;
    return {
      name: `newest_${number}`,
      maximum: `max(${order(isTimed, value)}) FILTER (WHERE ${value} IS NOT NULL)`,
    };
  });
  return [whole, ...values];
}

/**
 * The order of an entity's rows as one value: DuckDB compares two structs by the first field that differs. An unknown
 * field counts as the oldest. The rowid is unique, so a value after it in the struct is never compared.
 */
function order(isTimed: boolean, value?: string): string {
  const fields = joinSql(
    [
      isTimed && 't: h.event_timestamp',
      `c: coalesce(h.created_timestamp, TIMESTAMP '-infinity')`,
      `s: coalesce(h.sequence, -9223372036854775808)`,
      'r: h.rowid',
      value !== undefined && `v: ${value}`,
    ],
    ', ',
  );
  return `{${fields}}`;
}

function selectDerived(source: SourcePlan, columns: readonly PlannedColumn[], table: string, on: string): string {
  const isTimed = source.source.timestampColumn !== null;
  const derived = columns.flatMap(({ feature: { feature } }, number) => {
    const part = (field: string): string =>
      source.newestRow ? `s.newest.${field}` : `coalesce(s.newest_${number}.${field}, s.newest.${field})`;
    const value = source.newestRow ? `h.${quoteIdentifier(feature.name)}` : `s.newest_${number}.v`;
    return [`${value} AS derived_${number}`, isTimed && `${part('t')} AS derived_time_${number}`];
  });
  return `SELECT ${joinSql(['r.row_id', ...derived], ', ')}
FROM (SELECT row_id, label_time, ${source.entityColumn} AS entity_id FROM sample) AS r JOIN seen AS s ON ${on}
${source.newestRow ? `JOIN ${table} AS h ON h.rowid = s.newest.r` : ''}
WHERE s.newest IS NOT NULL`;
}
