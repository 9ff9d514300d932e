import type { BlockContext } from './duckdb.js';
import { NEWEST_ARRIVAL_FIRST, newestRow, newestValue } from './duckdb-version.js';
import { joinSql, quoteIdentifier } from './sql-text.js';
import type { SourceBlock } from './source-block.js';

/**
 * The history of an entity as the states it went through, so that one ASOF join finds the state of each label. Three ways
 * to make the states, the plainest that will do:
 *
 * - whole rows: the rows are the states; of rows of one time the newest arrival.
 * - single values: each row with the newest non-null value of every feature up to it.
 * - with the known-at cut-off: a row counts from when it was written, which is not the order of event times, so the newest
 *   of all rows visible so far is a running maximum.
 */
export function timelineBlock(context: BlockContext): SourceBlock {
  if (context.plan.options.knownAtLabelTime) return knownStates(context);
  return context.source.newestRow ? wholeRows(context) : filledRows(context);
}

function wholeRows(context: BlockContext): SourceBlock {
  const { name } = context;
  return {
    definitions: [`${name} AS (SELECT h.* ${ofLabels(context)} ${withoutTies(context)})`],
    join: asofJoin(context, 'event_timestamp'),
    found: `${name}.entity_id IS NOT NULL`,
    value: ({ feature }) => `${name}.${quoteIdentifier(feature.name)}`,
    timestamp: () => `${name}.event_timestamp`,
  };
}

function filledRows(context: BlockContext): SourceBlock {
  const { name, source } = context;
  const columns = source.features.flatMap(({ feature, valueColumn, timestampColumn }) => {
    const column = `h.${quoteIdentifier(feature.name)}`;
    return [
      `last_value(${column} IGNORE NULLS) OVER up_to_here AS ${valueColumn}`,
      `last_value(CASE WHEN ${column} IS NOT NULL THEN h.event_timestamp END IGNORE NULLS) OVER up_to_here AS ${timestampColumn}`,
    ];
  });
  return {
    definitions: [
      `${name} AS (SELECT ${joinSql(['h.entity_id', 'h.event_timestamp', ...columns], ',\n    ')}
  ${ofLabels(context)}
  WINDOW up_to_here AS (PARTITION BY h.entity_id
    ORDER BY h.event_timestamp, h.created_timestamp NULLS FIRST, h.sequence NULLS FIRST, h.rowid
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
  ${withoutTies(context)})`,
    ],
    join: asofJoin(context, 'event_timestamp'),
    found: `${name}.entity_id IS NOT NULL`,
    value: ({ valueColumn }) => `${name}.${valueColumn}`,
    timestamp: ({ timestampColumn }) => `coalesce(${name}.${timestampColumn}, ${name}.event_timestamp)`,
  };
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
    ({ column, expression }) => `max(${expression}) OVER (PARTITION BY h.entity_id ORDER BY ${visibleAt}) AS ${column}`,
  );
  const definition = `${name} AS (SELECT ${joinSql(['h.entity_id', `${visibleAt} AS visible_at`, ...newest], ',\n    ')}
  ${ofLabels(context)} AND h.created_timestamp IS NOT NULL
  GROUP BY h.entity_id, ${visibleAt})`;
  const join = `ASOF LEFT JOIN ${name} ON ${name}.entity_id = ${labelEntity(context)} AND l.label_time >= ${name}.visible_at`;
  const found = `${name}.entity_id IS NOT NULL`;
  if (source.newestRow) {
    return {
      definitions: [definition],
      join: `${join}\nLEFT JOIN ${table} AS ${name}_row ON ${name}_row.rowid = ${name}.newest.r`,
      found,
      value: ({ feature }) => `${name}_row.${quoteIdentifier(feature.name)}`,
      timestamp: () => `${name}.newest.t`,
    };
  }
  return {
    definitions: [definition],
    join,
    found,
    value: ({ valueColumn }) => `${name}.newest_${valueColumn}.v`,
    timestamp: ({ valueColumn }) => `coalesce(${name}.newest_${valueColumn}.t, ${name}.newest.t)`,
  };
}

/** The history of the labels' entities, up to the last label: rows that no label can see are never sorted. */
function ofLabels(context: BlockContext): string {
  return `FROM ${context.table} AS h SEMI JOIN labels AS l ON h.entity_id = ${labelEntity(context)}
  WHERE h.event_timestamp <= (SELECT max(label_time) FROM labels)`;
}

/** Which of two equal rows an ASOF join takes is documented nowhere, so there must be none. */
function withoutTies({ mayHaveTies }: BlockContext): string {
  if (!mayHaveTies) return '';
  return `QUALIFY row_number() OVER (PARTITION BY h.entity_id, h.event_timestamp ORDER BY ${NEWEST_ARRIVAL_FIRST}) = 1`;
}

function asofJoin(context: BlockContext, time: string): string {
  const { name, plan } = context;
  const isVisible = `l.label_time ${plan.options.strictlyBefore ? '>' : '>='} ${name}.${time}`;
  return `ASOF LEFT JOIN ${name} ON ${name}.entity_id = ${labelEntity(context)} AND ${isVisible}`;
}

function labelEntity({ source }: BlockContext): string {
  return `l.${quoteIdentifier(source.entityColumn)}`;
}
