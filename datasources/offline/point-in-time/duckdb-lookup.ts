import type { BlockContext, SourceBlock } from './duckdb.js';
import { newestRow, newestValue } from './duckdb-version.js';
import type { PointInTimeOptions } from './plan.js';
import { joinSql, quoteIdentifier } from './sql-text.js';

/**
 * Each label joined with the history of its entity up to its time, the newest kept.
 *
 * For whole rows only the place of the newest row is aggregated, and its columns are fetched afterwards by place:
 * carrying them through the aggregate means decoding every column of the entity's whole history (measured 30 times
 * slower for 100 entities over 14 million rows).
 */
export function lookupBlock({ plan, source, name, table }: BlockContext): SourceBlock {
  const counts = joinSql(
    ['h.entity_id = l.entity_id', `h.event_timestamp ${before(plan.options)} l.label_time`, knownAt(plan.options)],
    ' AND ',
  );
  if (source.newestRow) {
    return {
      definitions: [
        `${name}_newest AS MATERIALIZED (SELECT l.row_id, ${newestRow(true)}.r AS place
  FROM labels AS l JOIN ${table} AS h ON ${counts} GROUP BY l.row_id)`,
        `${name} AS (SELECT newest.row_id, h.* FROM ${name}_newest AS newest JOIN ${table} AS h ON h.rowid = newest.place)`,
      ],
      join: `LEFT JOIN ${name} ON ${name}.row_id = l.row_id`,
      found: `${name}.row_id IS NOT NULL`,
      value: ({ feature }) => `${name}.${quoteIdentifier(feature.name)}`,
      timestamp: () => `${name}.event_timestamp`,
    };
  }
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
