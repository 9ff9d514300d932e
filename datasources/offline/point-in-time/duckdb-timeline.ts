import type { BlockContext, SourceBlock } from './duckdb.js';
import { newestRow, newestValue } from './duckdb-version.js';
import type { PointInTimeOptions } from './plan.js';
import { joinSql, quoteIdentifier } from './sql-text.js';

/**
 * The history of an entity as the states it went through: from `visible_at` on, these rows are its newest. One ASOF join
 * then finds the state of each label.
 *
 * A row becomes visible at its event time (a microsecond later for `strictlyBefore`); with the known-at cut-off not
 * before it was written. What is newest among all rows visible so far is a running maximum. Whole rows without a cut-off
 * need none: they become visible in the very order that makes them newer.
 */
export function timelineBlock({ plan, source, name, table }: BlockContext): SourceBlock {
  const { options } = plan;
  const visibleAt = visibility(options);
  const newest = [
    { column: 'newest', expression: newestRow(true) },
    ...(source.newestRow
      ? []
      : source.features.map((feature) => ({
          column: `newest_${feature.valueColumn}`,
          expression: newestValue(feature, { timed: true }),
        }))),
  ];
  const isRunning = options.knownAtLabelTime || !source.newestRow;
  const states = newest.map(({ column, expression }) =>
    isRunning
      ? `max(${expression}) OVER (PARTITION BY h.entity_id ORDER BY ${visibleAt}) AS ${column}`
      : `${expression} AS ${column}`,
  );
  const definition = `${name} AS (SELECT ${joinSql(['h.entity_id', `${visibleAt} AS visible_at`, ...states], ',\n    ')}
  FROM ${table} AS h SEMI JOIN labels AS l ON h.entity_id = l.entity_id
  WHERE ${joinSql([`${visibleAt} <= (SELECT max(label_time) FROM labels)`, options.knownAtLabelTime && 'h.created_timestamp IS NOT NULL'], ' AND ')}
  GROUP BY h.entity_id, ${visibleAt})`;
  const asofJoin = `ASOF LEFT JOIN ${name} ON ${name}.entity_id = l.entity_id AND l.label_time >= ${name}.visible_at`;
  const found = `${name}.entity_id IS NOT NULL`;
  if (source.newestRow) {
    return {
      definitions: [definition],
      join: `${asofJoin}\nLEFT JOIN ${table} AS ${name}_row ON ${name}_row.rowid = ${name}.newest.r`,
      found,
      value: ({ feature }) => `${name}_row.${quoteIdentifier(feature.name)}`,
      timestamp: () => `${name}.newest.t`,
    };
  }
  return {
    definitions: [definition],
    join: asofJoin,
    found,
    value: ({ valueColumn }) => `${name}.newest_${valueColumn}.v`,
    timestamp: ({ valueColumn }) => `coalesce(${name}.newest_${valueColumn}.t, ${name}.newest.t)`,
  };
}

function visibility({ strictlyBefore, knownAtLabelTime }: PointInTimeOptions): string {
  const after = strictlyBefore ? 'h.event_timestamp + INTERVAL 1 MICROSECOND' : 'h.event_timestamp';
  return knownAtLabelTime ? `greatest(${after}, h.created_timestamp)` : after;
}
