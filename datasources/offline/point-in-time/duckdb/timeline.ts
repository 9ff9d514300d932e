import type { BlockContext } from './block-context.js';
import { carriedValue, NEWEST_ARRIVAL_FIRST, newestRow, newestValue } from './version.js';
import { joinSql } from '../sql-text.js';
import { quoteIdentifier } from '../../../duckdb/sql-text.js';
import type { SourceBlock } from '../source-block.js';

/**
 * Converts the history of an entity into its successive states, so that one ASOF join finds the state of each label.
 * There are three ways to build the states; the simplest sufficient one is used:
 *
 * - Whole rows: the rows are the states; among rows of one time, the newest arrival wins.
 * - Single values: each row with the newest non-null value of every feature up to it.
 * - With the known-at cut-off: a row counts from the time when it was written, which is not the order of event times.
 *   So the newest of all visible rows is a running maximum.
 *
 * The query first numbers the labels' entities: sorting and comparing numbers takes two thirds of the time that ids
 * take. It sorts only the history of those entities.
 */
export function timelineBlock(context: BlockContext): SourceBlock {
  if (context.plan.options.knownAtLabelTime) return knownStates(context);
  return context.source.newestRow ? wholeRows(context) : filledRows(context);
}

/** The column of the entity's number. It never collides with a column of a history: no feature's name contains a $. */
const NUMBER = '"$number"';

function wholeRows(context: BlockContext): SourceBlock {
  const { name } = context;
  return {
    definitions: [
      entities(context),
      `${name} AS (SELECT e.number AS ${NUMBER}, h.* ${labelStatesSql(context)} ${withoutTies(context)})`,
    ],
    join: rowJoin(context),
    found: `${name}.${NUMBER} IS NOT NULL`,
    value: ({ feature }) => `${name}.${quoteIdentifier(feature.name)}`,
    timestamp: () => `${name}.event_timestamp`,
    created: () => `${name}.created_timestamp`,
  };
}

function filledRows(context: BlockContext): SourceBlock {
  const { name, source, withCreated } = context;
  const columns = source.features.flatMap(({ feature, valueColumn, timestampColumn }) => {
    const column = `h.${quoteIdentifier(feature.name)}`;
    return [
      `last_value(${column} IGNORE NULLS) OVER up_to_here AS ${valueColumn}`,
      `last_value(CASE WHEN ${column} IS NOT NULL THEN h.event_timestamp END IGNORE NULLS) OVER up_to_here AS ${timestampColumn}`,
      // An unknown creation time must not give way to that of an older value.
      ...(withCreated
        ? [
            `last_value(CASE WHEN ${column} IS NOT NULL THEN coalesce(h.created_timestamp, TIMESTAMP '-infinity') END IGNORE NULLS) OVER up_to_here AS ${createdName(valueColumn)}`,
          ]
        : []),
    ];
  });
  return {
    definitions: [
      entities(context),
      `${name} AS (SELECT ${joinSql([`e.number AS ${NUMBER}`, 'h.event_timestamp', ...columns], ',\n    ')}
  ${labelStatesSql(context)}
  WINDOW up_to_here AS (PARTITION BY e.number
    ORDER BY h.event_timestamp, h.created_timestamp NULLS FIRST, h.sequence NULLS FIRST, h.rowid
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
  ${withoutTies(context)})`,
    ],
    join: rowJoin(context),
    found: `${name}.${NUMBER} IS NOT NULL`,
    value: ({ valueColumn }) => `${name}.${valueColumn}`,
    timestamp: ({ timestampColumn }) => `coalesce(${name}.${timestampColumn}, ${name}.event_timestamp)`,
    created: withCreated ? ({ valueColumn }) => `${name}.${createdName(valueColumn)}` : undefined,
  };
}

function createdName(valueColumn: string): string {
  return `created_${valueColumn}`;
}

function knownStates(context: BlockContext): SourceBlock {
  const { plan, source, name, table } = context;
  const eventTime = plan.options.strictlyBefore ? 'h.event_timestamp + INTERVAL 1 MICROSECOND' : 'h.event_timestamp';
  const visibleAt = `greatest(${eventTime}, h.created_timestamp)`;
  const newest = [
    { column: 'newest', expression: newestRow(true) },
    ...(source.newestRow
      ? []
      : source.features.map(({ feature, valueColumn }) => ({
          column: `newest_${valueColumn}`,
          expression: newestValue(feature, { timed: true }),
        }))),
  ].map(
    ({ column, expression }) => `max(${expression}) OVER (PARTITION BY e.number ORDER BY ${visibleAt}) AS ${column}`,
  );
  const definition = `${name} AS (SELECT ${joinSql([`e.number AS ${NUMBER}`, `${visibleAt} AS visible_at`, ...newest], ',\n    ')}
  ${labelStatesSql(context)} AND h.created_timestamp IS NOT NULL
  GROUP BY e.number, ${visibleAt})`;
  const join = asofJoin(context, `l.label_time >= ${name}.visible_at`);
  const found = `${name}.${NUMBER} IS NOT NULL`;
  if (source.newestRow) {
    return {
      definitions: [entities(context), definition],
      join: `${join}\nLEFT JOIN ${table} AS ${name}_row ON ${name}_row.rowid = ${name}.newest.r`,
      found,
      value: ({ feature }) => `${name}_row.${quoteIdentifier(feature.name)}`,
      timestamp: () => `${name}.newest.t`,
      created: () => `${name}.newest.c`,
    };
  }
  return {
    definitions: [entities(context), definition],
    join,
    found,
    value: ({ feature, valueColumn }) => carriedValue(feature, `${name}.newest_${valueColumn}`),
    timestamp: ({ valueColumn }) => `coalesce(${name}.newest_${valueColumn}.t, ${name}.newest.t)`,
    created: ({ valueColumn }) => `${name}.newest_${valueColumn}.c`,
  };
}

/** The entities of the labels with a number for each. MATERIALIZED ensures one numbering. */
function entities(context: BlockContext): string {
  const entityId = labelEntity(context);
  return `${context.name}_entity AS MATERIALIZED (
  SELECT entity_id, CAST(row_number() OVER (ORDER BY entity_id) AS INTEGER) AS number
  FROM (SELECT DISTINCT ${entityId} AS entity_id FROM labels AS l WHERE ${entityId} IS NOT NULL))`;
}

/** The history of those entities, up to the last label if it is known: rows that no label can see are never sorted. */
function labelStatesSql({ name, table, lastLabelTime, wasWritten }: BlockContext): string {
  const upTo = lastLabelTime === undefined ? 'true' : `h.event_timestamp <= make_timestamp(${lastLabelTime()})`;
  return `FROM ${table} AS h JOIN ${name}_entity AS e ON e.entity_id = h.entity_id
  WHERE ${joinSql([upTo, wasWritten()], ' AND ')}`;
}

/** DuckDB does not document which of two equal rows an ASOF join picks, so this query leaves no equal rows. */
function withoutTies({ mayHaveTies }: BlockContext): string {
  if (!mayHaveTies) return '';
  return `QUALIFY row_number() OVER (PARTITION BY e.number, h.event_timestamp ORDER BY ${NEWEST_ARRIVAL_FIRST}) = 1`;
}

/** The join with the newest state, where the rows are the states. */
function rowJoin(context: BlockContext): string {
  const isVisible = context.plan.options.strictlyBefore ? '>' : '>=';
  return asofJoin(context, `l.label_time ${isVisible} ${context.name}.event_timestamp`);
}

function asofJoin(context: BlockContext, isVisible: string): string {
  const { name } = context;
  // A label without a time gets no number. Otherwise the sorting ASOF join of DuckDB 1.5 (not the looping one, for up
  // to 64 labels) would return the newest row of all for it.
  return `LEFT JOIN ${name}_entity ON ${name}_entity.entity_id = CASE WHEN l.label_time IS NOT NULL THEN ${labelEntity(context)} END
ASOF LEFT JOIN ${name} ON ${name}.${NUMBER} = ${name}_entity.number AND ${isVisible}`;
}

function labelEntity({ source }: BlockContext): string {
  return `l.${quoteIdentifier(source.entityColumn)}`;
}
