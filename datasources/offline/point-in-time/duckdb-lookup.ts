import type { BlockContext, SourceBlock } from './duckdb.js';
import { newestRow, newestValue } from './duckdb-version.js';
import type { PointInTimeOptions } from './plan.js';
import { joinSql, quoteIdentifier } from './sql-text.js';

/**
 * Each label joined with the history of its entity up to its time, the newest kept.
 *
 * For whole rows that is done in three steps, each over as little as it can: the newest event time (a plain maximum of one
 * column), the place of the newest arrival at that time, and last the row at that place. Carrying the columns, or the
 * whole order of ties, through the first aggregate gives the same rows 30 and 4 times slower (100 entities over 14
 * million rows).
 */
export function lookupBlock(context: BlockContext): SourceBlock {
  return context.source.newestRow ? wholeRows(context) : eachValue(context);
}

function wholeRows({ plan, name, table }: BlockContext): SourceBlock {
  const isKnown = knownAt(plan.options);
  const ofEntity = 'h.entity_id = l.entity_id';
  const isBefore = `h.event_timestamp ${before(plan.options)} l.label_time`;
  return {
    definitions: [
      `${name}_time AS MATERIALIZED (
  SELECT l.row_id, any_value(l.entity_id) AS entity_id, any_value(l.label_time) AS label_time, max(h.event_timestamp) AS newest
  FROM labels AS l JOIN ${table} AS h ON ${joinSql([ofEntity, isBefore, isKnown], ' AND ')}
  GROUP BY l.row_id)`,
      `${name}_place AS MATERIALIZED (
  SELECT l.row_id, ${newestRow(false)}.r AS place
  FROM ${name}_time AS l JOIN ${table} AS h ON ${joinSql([ofEntity, 'h.event_timestamp = l.newest', isKnown], ' AND ')}
  GROUP BY l.row_id)`,
      `${name} AS (SELECT p.row_id, h.* FROM ${name}_place AS p JOIN ${table} AS h ON h.rowid = p.place)`,
    ],
    join: `LEFT JOIN ${name} ON ${name}.row_id = l.row_id`,
    found: `${name}.row_id IS NOT NULL`,
    value: ({ feature }) => `${name}.${quoteIdentifier(feature.name)}`,
    timestamp: () => `${name}.event_timestamp`,
  };
}

function eachValue({ plan, source, name, table }: BlockContext): SourceBlock {
  const counts = joinSql(
    ['h.entity_id = l.entity_id', `h.event_timestamp ${before(plan.options)} l.label_time`, knownAt(plan.options)],
    ' AND ',
  );
  const values = source.features.map((feature) => `${newestValue(feature, true)} AS newest_${feature.valueColumn}`);
  return {
    definitions: [
      `${name} AS (SELECT ${joinSql(['l.row_id', 'max(h.event_timestamp) AS newest_timestamp', ...values], ',\n    ')}
  FROM labels AS l JOIN ${table} AS h ON ${counts} GROUP BY l.row_id)`,
    ],
    join: `LEFT JOIN ${name} ON ${name}.row_id = l.row_id`,
    found: `${name}.row_id IS NOT NULL`,
    value: ({ valueColumn }) => `${name}.newest_${valueColumn}.v`,
    timestamp: ({ valueColumn }) => `coalesce(${name}.newest_${valueColumn}.t, ${name}.newest_timestamp)`,
  };
}

function before({ strictlyBefore }: PointInTimeOptions): string {
  return strictlyBefore ? '<' : '<=';
}

/** A row whose creation time is unknown cannot be shown to have been known: the cut-off leaves it out. */
function knownAt({ knownAtLabelTime }: PointInTimeOptions): string | false {
  return knownAtLabelTime && 'h.created_timestamp <= l.label_time';
}
